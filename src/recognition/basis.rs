//! By what the file of known records holds.

use sha2::{Digest, Sha256};

/// A SHA-256 of all that decides what becomes of the bytes of a record. With another one the file knows nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis(pub(super) [u8; Self::BYTES]);

impl Basis {
    pub(super) const BYTES: usize = 32;

    /// The basis that consists of these texts, in this order.
    pub fn of(texts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            // With its length: two texts are not the same as one that is put together from them.
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }

    /// This basis, and what the target had confirmed.
    #[must_use]
    pub fn with(&self, confirmed: &str) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(confirmed).finalize().into())
    }
}
