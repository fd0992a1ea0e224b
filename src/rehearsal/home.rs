//! Which organization the users of an import go into.

/// Which organization the users of an import go into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// None: they stay where they are.
    Anywhere,
    /// The one with this id at the target.
    There(String),
    /// One that the import would make.
    New,
}

impl Home {
    /// Whether somebody who is in `organization` is in another one. Nobody is taken out of an organization.
    pub(super) fn is_left_out(&self, organization: Option<&str>) -> bool {
        match (self, organization) {
            (Self::Anywhere, _) | (_, None) => false,
            (Self::There(id), Some(theirs)) => id != theirs,
            (Self::New, Some(_)) => true,
        }
    }
}
