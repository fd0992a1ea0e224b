//! How a record has a key.

/// How a record has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Only one record can have it.
    Sole,
    /// Only one record can have it, and nobody verified that it is this record's. Whoever has it as [`Self::Sole`] comes first.
    Unverified,
    /// The record has it beside its own, and others may have it, too.
    Beside,
}
