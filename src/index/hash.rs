//! What texts of any length are found by, in entries of one size.

use sha2::{Digest, Sha256};

/// Bytes of a hash: even among a thousand million texts hardly any two have the same one.
pub const HASH_BYTES: usize = 12;

/// The hash of a text. The same text of another `kind` has another one.
pub fn hash_of(kind: u8, text: &str) -> [u8; HASH_BYTES] {
    let digest = Sha256::new().chain_update([kind]).chain_update(text).finalize();
    std::array::from_fn(|index| digest[index])
}
