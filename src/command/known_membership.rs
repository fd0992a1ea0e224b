//! A membership that an earlier run created: whether it is there, whether it is the tool's own, and whether organization and user
//! are those whom Clerk has under these ids.

use std::io;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::value::RawValue;

use crate::destination::{Comparable, Destination, RunMark, TargetError};
use crate::id_map::IdLookup;
use crate::kind::Kind;
use crate::mapping::Reference;
use crate::missing::KnownRecord;

/// What the target has of a membership.
pub(super) enum FoundMembership {
    Gone,
    /// Nothing proves that it is this tool's, or whose it is.
    NotProven,
    There {
        /// The role that the member has.
        role: String,
        /// The role beside that one, which its tuple alone grants.
        own_role: Option<String>,
        metadata: Option<Box<RawValue>>,
    },
}

impl FoundMembership {
    /// The role that its tuple grants, if it is there.
    pub(super) fn granted(&self) -> Option<&str> {
        match self {
            Self::There { role, own_role, .. } => Some(own_role.as_deref().unwrap_or(role)),
            _ => None,
        }
    }
}

/// The halves of an id that names an organization and a user.
pub(super) fn pair(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}

/// For each of these memberships whether organization and user are at the target who they were when the run created it, and whom
/// Clerk means by these ids.
pub(super) async fn are_proven(
    target: &dyn Destination,
    ids: &IdLookup,
    memberships: &[KnownRecord],
) -> Result<Vec<bool>, TargetError> {
    let mut references = Vec::with_capacity(2 * memberships.len());
    let mut of = Vec::with_capacity(memberships.len());
    for membership in memberships {
        let known = references_of(ids, membership)?;
        of.push(known.is_some().then(|| references.len()));
        references.extend(known.into_iter().flatten());
    }
    let asked: Vec<&Reference> = references.iter().collect();
    let disproved = if asked.is_empty() { Vec::new() } else { target.disproves(&asked).await? };
    let is_proven = |at: usize| disproved.get(at..at + 2).is_some_and(|both| both == [false, false]);
    Ok(of.into_iter().map(|at| at.is_some_and(is_proven)).collect())
}

/// Organization and user of a membership, as far as their ids at the target are the ones that it names.
fn references_of(ids: &IdLookup, membership: &KnownRecord) -> io::Result<Option<[Reference; 2]>> {
    let (Some((organization, user)), Some(of_target)) = (pair(&membership.clerk_id), pair(&membership.id)) else {
        return Ok(None);
    };
    let reference = |kind: Kind, clerk_id: &str, id: &str| -> io::Result<Option<Reference>> {
        let known = ids.find(kind, clerk_id)?.filter(|known| known.id == id);
        Ok(known.map(|known| Reference {
            kind,
            clerk_id: clerk_id.into(),
            external_id: known.external_id().into(),
            id: id.into(),
            role: None,
            own_role: None,
        }))
    };
    let organization = reference(Kind::Organization, organization, of_target.0)?;
    Ok(match (organization, reference(Kind::User, user, of_target.1)?) {
        (Some(organization), Some(user)) => Some([organization, user]),
        _ => None,
    })
}

/// Looks at memberships, many at once.
pub(super) async fn look_at_all(
    target: &dyn Destination,
    ids: &IdLookup,
    memberships: &[KnownRecord],
    concurrency: usize,
) -> Result<Vec<FoundMembership>, TargetError> {
    let proven = are_proven(target, ids, memberships).await?;
    let asked = memberships.iter().zip(proven).map(|(membership, is_proven)| async move {
        if is_proven { look_at(target, membership).await } else { Ok(FoundMembership::NotProven) }
    });
    stream::iter(asked).buffered(concurrency).try_collect().await
}

async fn look_at(target: &dyn Destination, membership: &KnownRecord) -> Result<FoundMembership, TargetError> {
    let Some(body) = target.get(&membership.id).await? else { return Ok(FoundMembership::Gone) };
    let Some(found) = target.read_found(&body).pop() else { return Ok(FoundMembership::NotProven) };
    let Some(role) = found.role.as_deref().filter(|_| is_made(&found, membership)) else {
        return Ok(FoundMembership::NotProven);
    };
    Ok(FoundMembership::There {
        role: role.to_owned(),
        own_role: found.own_role().map(|role| role.into_owned()),
        metadata: found.admin_metadata().map(ToOwned::to_owned),
    })
}

/// Whether it says itself that it came from Clerk, and has no mark but that of the run and the record that created it. A change of
/// its role took the mark off.
fn is_made(found: &Comparable<'_>, membership: &KnownRecord) -> bool {
    let is_it = found.id.as_deref() == Some(membership.id.as_str());
    let is_marked = found.record_marked_by(&RunMark::of(&membership.run)) == Some(membership.record);
    is_it && found.is_from_clerk() && (!found.has_mark() || is_marked)
}
