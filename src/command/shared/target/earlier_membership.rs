//! A membership that an earlier run created: whether it is there, whether it is the tool's own, and whether organization and user
//! are those whom Clerk has under these ids.

use std::io;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::value::RawValue;

use crate::destination::{Comparable, Destination, RunMark, TargetError};
use crate::id_map::IdLookup;
use crate::kind::Kind;
use crate::mapping::Reference;
use crate::missing::CreatedEarlier;

/// What the target has of a membership.
pub(in crate::command) enum FoundMembership {
    Gone,
    /// Nothing proves that it is this tool's, or whose it is.
    NotProven,
    There {
        /// The role that the member has.
        role: String,
        /// The role beside that one, which its tuple alone grants.
        own_role: Option<String>,
        metadata: Option<Box<RawValue>>,
        /// The external ids of organization and user.
        of: [String; 2],
    },
}

impl FoundMembership {
    /// The role that its tuple grants, if it is there.
    pub(in crate::command) fn granted(&self) -> Option<&str> {
        match self {
            Self::There { role, own_role, .. } => Some(own_role.as_deref().unwrap_or(role)),
            _ => None,
        }
    }
}

/// The halves of an id that names an organization and a user.
pub(in crate::command) fn pair(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}

/// For each of these memberships whether organization and user are at the target who they were when the run created it.
pub(in crate::command) async fn are_proven(
    target: &dyn Destination,
    memberships: &[Option<[Reference; 2]>],
) -> Result<Vec<bool>, TargetError> {
    let asked: Vec<&Reference> = memberships.iter().flatten().flatten().collect();
    let disproved = if asked.is_empty() { Vec::new() } else { target.disproves(&asked).await? };
    let mut answers = disproved.chunks(2);
    Ok(memberships.iter().map(|known| known.is_some() && answers.next() == Some(&[false, false])).collect())
}

/// Organization and user of a membership, by their external ids at the target.
pub(in crate::command) fn references(
    membership: &CreatedEarlier,
    [organization, user]: [&str; 2],
) -> Option<[Reference; 2]> {
    let (clerk_ids, ids) = (pair(&membership.clerk_id)?, pair(&membership.id)?);
    let reference = |kind: Kind, clerk_id: &str, external_id: &str, id: &str| Reference {
        kind,
        clerk_id: clerk_id.into(),
        external_id: external_id.into(),
        id: id.into(),
        role: None,
        own_role: None,
    };
    Some([
        reference(Kind::Organization, clerk_ids.0, organization, ids.0),
        reference(Kind::User, clerk_ids.1, user, ids.1),
    ])
}

/// Those of a page, as far as Clerk means by these ids those whom the membership names at the target.
fn known_references(ids: &IdLookup, membership: &CreatedEarlier) -> io::Result<Option<[Reference; 2]>> {
    let (Some(of_clerk), Some(of_target)) = (pair(&membership.clerk_id), pair(&membership.id)) else {
        return Ok(None);
    };
    let organization = ids.find(Kind::Organization, of_clerk.0)?.filter(|known| known.id == of_target.0);
    let user = ids.find(Kind::User, of_clerk.1)?.filter(|known| known.id == of_target.1);
    let both = organization.as_ref().zip(user.as_ref());
    Ok(both.and_then(|(organization, user)| references(membership, [organization.external_id(), user.external_id()])))
}

/// Looks at memberships, many at once.
pub(in crate::command) async fn look_at_all(
    target: &dyn Destination,
    ids: &IdLookup,
    memberships: &[CreatedEarlier],
    concurrency: usize,
) -> Result<Vec<FoundMembership>, TargetError> {
    let known: Vec<_> =
        memberships.iter().map(|membership| known_references(ids, membership)).collect::<io::Result<_>>()?;
    let proven = are_proven(target, &known).await?;
    let asked = memberships.iter().zip(known).zip(proven).map(|((membership, known), is_proven)| async move {
        match known {
            Some(known) if is_proven => look_at(target, membership, known.map(|of| of.external_id.into())).await,
            _ => Ok(FoundMembership::NotProven),
        }
    });
    stream::iter(asked).buffered(concurrency).try_collect().await
}

async fn look_at(
    target: &dyn Destination,
    membership: &CreatedEarlier,
    of: [String; 2],
) -> Result<FoundMembership, TargetError> {
    let Some(body) = target.get(&membership.id).await? else { return Ok(FoundMembership::Gone) };
    let Some(found) = target.read_found(&body).pop() else { return Ok(FoundMembership::NotProven) };
    let Some(role) = found.role.as_deref().filter(|_| is_made(&found, membership)) else {
        return Ok(FoundMembership::NotProven);
    };
    Ok(FoundMembership::There {
        role: role.to_owned(),
        own_role: found.own_role().map(std::borrow::Cow::into_owned),
        metadata: found.admin_metadata().map(ToOwned::to_owned),
        of,
    })
}

/// Whether it says itself that it came from Clerk, and has no mark but that of the run and the record that created it. A change of
/// its role took the mark off.
fn is_made(found: &Comparable<'_>, membership: &CreatedEarlier) -> bool {
    let is_it = found.id.as_deref() == Some(membership.id.as_str());
    let is_marked = found.record_marked_by(&RunMark::of(&membership.run)) == Some(membership.record);
    is_it && found.is_from_clerk() && (!found.has_mark() || is_marked)
}
