//! The entry in which a user is kept: the hash of the external id and that of the content.

use sha2::{Digest, Sha256};

pub(super) const KEY_BYTES: usize = 8;
pub(super) const CONTENT_BYTES: usize = 16;
pub(super) const ENTRY_BYTES: usize = KEY_BYTES + CONTENT_BYTES;

pub(super) type ConfirmedEntry = [u8; ENTRY_BYTES];

/// The key of a user with this external id.
pub(super) fn key(external_id: &str) -> [u8; KEY_BYTES] {
    first_bytes(external_id.as_bytes())
}

/// The first bytes of a SHA-256.
pub(super) fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|index| digest[index])
}
