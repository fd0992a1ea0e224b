//! The form of a request that creates identities.

/// The form of a request that creates identities: what stands around and between them, and how many it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What stands before the first identity.
    pub head: &'static [u8],
    /// What stands between two identities.
    pub separator: &'static [u8],
    /// What stands behind the last identity.
    pub tail: &'static [u8],
    /// The most identities in one request.
    pub items: usize,
    /// The most bytes of one request.
    pub bytes: usize,
}
