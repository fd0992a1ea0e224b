//! What a user was, in few bytes.

use super::entry::{CONTENT_BYTES, first_bytes};

/// What a user was when the target confirmed it: a SHA-256 of the identity as it was sent, cut to 128 bits.
///
/// The identity holds its external id, so two users never have the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHash(pub [u8; CONTENT_BYTES]);

impl ContentHash {
    /// Of nothing that is ever sent: for a user who is there, but not as any export has them.
    pub const NOTHING: Self = Self([0; CONTENT_BYTES]);

    /// The hash of an encoded identity.
    pub fn of(encoded: &[u8]) -> Self {
        Self(first_bytes(encoded))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
