//! What stands for a user's external id.

use super::entry::{KEY_BYTES, key};

/// The bytes under which a user is looked up: a SHA-256 of the external id, cut to 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmedKey(pub [u8; Self::BYTES]);

impl ConfirmedKey {
    /// How many bytes it has.
    pub const BYTES: usize = KEY_BYTES;

    /// The key of the user with this external id.
    pub fn of(external_id: &str) -> Self {
        Self(key(external_id))
    }
}
