//! The identity of a user whom an earlier run created: whether it is there, whether it is the user's still, and its state.

use std::io;

use crate::destination::{Comparable, Destination, PAGE, RunMark, TargetError};
use crate::missing::CreatedEarlier;

/// As many at once as are looked at together.
pub(in crate::command) fn pages<T>(
    mut users: impl Iterator<Item = io::Result<T>>,
) -> impl Iterator<Item = io::Result<Vec<T>>> {
    std::iter::from_fn(move || {
        let page: io::Result<Vec<T>> = users.by_ref().take(PAGE).collect();
        page.map(|page| (!page.is_empty()).then_some(page)).transpose()
    })
}

/// What the target has under an id.
pub(in crate::command) enum FoundIdentity {
    Gone,
    /// Nothing proves that it is the user's, and this tool's.
    NotProven,
    Active,
    Disabled,
}

/// Looks an identity up by the id that the target gave it when it said `created`. That it is the user's still, it has to say itself: it
/// has the id at Clerk, and no mark but that of the run and the record that created it.
pub(in crate::command) async fn look_at(
    target: &dyn Destination,
    user: &CreatedEarlier,
) -> Result<FoundIdentity, TargetError> {
    let Some(body) = target.get(&user.id).await? else { return Ok(FoundIdentity::Gone) };
    let Some(found) = target.read_found(&body).pop() else { return Ok(FoundIdentity::NotProven) };
    Ok(if !is_proven(&found, user) {
        FoundIdentity::NotProven
    } else if matches!(found.state.as_deref(), Some("disabled" | "inactive")) {
        FoundIdentity::Disabled
    } else {
        FoundIdentity::Active
    })
}

fn is_proven(found: &Comparable<'_>, user: &CreatedEarlier) -> bool {
    let is_it = found.id.as_deref() == Some(user.id.as_str());
    let is_user = found.clerk_id().is_some_and(|id| id.trim() == user.clerk_id.trim());
    let is_made = !found.has_mark() || found.record_marked_by(&RunMark::of(&user.run)) == Some(user.record);
    is_it && is_user && is_made
}
