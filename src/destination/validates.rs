//! Whether a destination can be asked only to check.

/// Whether a destination can be asked to check identities without creating anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validates {
    /// It checks, and creates nobody.
    Yes,
    /// The key may not ask for it: it lacks the scope to write.
    NotPermitted,
    /// It has no such thing, or creates whom it was asked only to check.
    No,
}
