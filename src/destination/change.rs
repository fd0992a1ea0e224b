//! A change to one identity.

use super::{Field, ItemError};

/// A change to one identity.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The destination's own id.
    pub id: &'a str,
    /// The identity as it would be sent.
    pub encoded: &'a [u8],
    /// What is to be changed.
    pub fields: &'a [Field],
    /// Whether the user may not sign in.
    pub disabled: bool,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Updated,
    /// The destination would not have it.
    Refused(ItemError),
}
