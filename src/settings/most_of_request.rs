//! The most that one request to the target can hold.

/// The most that one request to the target can hold.
#[derive(Clone, Copy, Debug)]
pub struct MostOfRequest {
    /// Users.
    pub users: usize,
    /// Bytes.
    pub bytes: usize,
}
