//! The hash by which a text of any length is found in entries of one size.

use sha2::{Digest, Sha256};

/// The bytes of a hash. Even among a thousand million texts, two hardly ever have the same one.
pub const HASH_BYTES: usize = 12;

/// The hash of a text. The same text under another `kind` has another hash.
pub fn hash_of(kind: u8, text: &str) -> [u8; HASH_BYTES] {
    let digest = Sha256::new().chain_update([kind]).chain_update(text).finalize();
    std::array::from_fn(|index| digest[index])
}
