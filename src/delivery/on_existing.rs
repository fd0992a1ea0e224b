//! What becomes of a user whose external id is at the target already.

/// What becomes of a user whose external id is at the target already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExisting {
    /// Leave it as it is; tell if it differs from the export
    #[default]
    Skip,
    /// Change what differs to what the export says, but never a password
    Update,
    /// Reject the record as `already_exists`
    Fail,
}
