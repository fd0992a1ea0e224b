//! What the target calls those to whom a record refers.

use std::fmt;
use std::io;

use super::Reference;
use super::role::Role;
use crate::kind::Kind;

/// What the target calls one whom Clerk calls otherwise.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetId {
    /// The target's own id.
    pub id: Box<str>,
    /// The key there.
    pub external_id: Box<str>,
    /// Whether this very run learned it from the target. If not, it is only what an earlier run knew.
    pub is_proven: bool,
}

/// What the target calls those whom the steps before have met. It lies on disk.
pub trait TargetIds: fmt::Debug + Send + Sync {
    /// One of them, by the id at Clerk. The error is one of the disk.
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>>;

    /// Where the record of one of them stands, and why it was rejected, for people; nothing if this run is not known to have
    /// rejected it.
    fn rejected(&self, _kind: Kind, _clerk_id: &str) -> io::Result<Option<String>> {
        Ok(None)
    }
}

impl TargetId {
    /// What the target has to be asked before anything is granted: nothing if this run knows.
    pub(super) fn reference(&self, kind: Kind, clerk_id: &str, role: Option<&Role>) -> Option<Reference> {
        (!self.is_proven).then(|| Reference {
            kind,
            clerk_id: clerk_id.into(),
            external_id: self.external_id.clone(),
            id: self.id.clone(),
            role: role.map(|role| role.of_member().into()),
            own_role: role.and_then(Role::own).map(Into::into),
        })
    }
}
