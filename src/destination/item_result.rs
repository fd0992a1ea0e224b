//! What became of one item of a request.

use super::Field;

/// What became of one item of a request that creates identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemResult {
    /// A new identity.
    Created {
        /// The destination's own id of it, if it says so.
        id: Option<String>,
    },
    /// An identity with this external id was there already, and was not touched.
    Exists {
        /// The destination's own id of it, if it says so.
        id: Option<String>,
    },
    /// Not created.
    Error(ItemError),
}

impl ItemResult {
    /// Whether the same item may be answered otherwise later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Error(ItemError { kind: ItemErrorKind::Transient, .. }))
    }
}

/// What kind of error an item was answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemErrorKind {
    /// It may pass: the item is sent again.
    #[default]
    Transient,
    /// Another identity is in the way.
    Conflict,
    /// The destination finds it invalid.
    Invalid,
    /// The destination does not let us in: the run stops. Not the record's fault.
    NoAccess,
}

/// Why one item was not created or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemError {
    /// What kind of error it is.
    pub kind: ItemErrorKind,
    /// The destination's code.
    pub code: Option<String>,
    /// A sentence from the destination. It may repeat personal data, so it goes to the rejects file and nowhere else.
    pub message: Option<String>,
    /// The field at fault, as the destination names it.
    pub field: Option<String>,
    /// Of a conflict, what another identity has already, if that is known.
    pub taken: Option<Field>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_which_nothing_is_known_may_pass() {
        assert!(ItemResult::Error(ItemError::default()).is_transient());
        let wrong = ItemError { kind: ItemErrorKind::Invalid, ..ItemError::default() };
        assert!(!ItemResult::Error(wrong).is_transient());
    }
}
