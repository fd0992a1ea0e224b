//! Somebody to whom a record refers, as an earlier run knew them.

use crate::kind::Kind;

/// Somebody to whom a record refers, known from an earlier run. The target may have given the id to somebody else since, so it is
/// asked before anything is granted. There is no `Debug`: external ids may be personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference {
    /// A user, an organization, or for a role tuple the membership.
    pub kind: Kind,
    /// The id at Clerk.
    pub clerk_id: Box<str>,
    /// The key at the target.
    pub external_id: Box<str>,
    /// The target's own id.
    pub id: Box<str>,
    /// Of a membership, the role that it has to have there.
    pub role: Option<Box<str>>,
    /// Of a membership, the role that it has to have there beside that one, by its metadata: one that no member can have.
    pub own_role: Option<Box<str>>,
}

impl Reference {
    /// How much of it lies in memory, in bytes.
    pub fn memory(&self) -> usize {
        let names =
            [Some(&self.clerk_id), Some(&self.external_id), Some(&self.id), self.role.as_ref(), self.own_role.as_ref()];
        size_of::<Self>() + names.into_iter().flatten().map(|name| name.len()).sum::<usize>()
    }
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", self.kind)
    }
}
