//! The secret under which records and their keys are hashed.

use std::fmt;

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

/// What the bytes of a record are, in few bytes.
pub type RecordHash = [u8; 16];

/// How many bytes XXH3 takes as its secret.
const OF_RECORDS: usize = 192;

/// The secret of one file of known records.
#[derive(Clone)]
pub struct NightSecret {
    bytes: [u8; Self::BYTES],
    of_records: [u8; OF_RECORDS],
}

impl NightSecret {
    pub(super) const BYTES: usize = 32;

    /// A new one, which nobody can guess.
    pub fn random() -> Self {
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        Self::of(std::array::from_fn(|index| halves[index / 16].as_bytes()[index % 16]))
    }

    /// The one with these bytes.
    pub(super) fn of(bytes: [u8; Self::BYTES]) -> Self {
        let mut of_records = [0; OF_RECORDS];
        for (number, part) in (1..=u8::MAX).zip(of_records.chunks_exact_mut(Self::BYTES)) {
            part.copy_from_slice(&derived(&bytes, number));
        }
        Self { bytes, of_records }
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.bytes
    }

    /// The secret of the finder that hashes the keys of the records.
    pub fn of_keys(&self) -> [u8; 16] {
        let derived = derived(&self.bytes, 0);
        std::array::from_fn(|index| derived[index])
    }

    /// The hash of a record with these bytes; none is all zeros.
    pub(super) fn hash(&self, record: &[u8]) -> RecordHash {
        // XXH3 refuses a secret only for being too short.
        let hash = XxHash3_128::oneshot_with_secret(&self.of_records, record).unwrap_or_default();
        hash.max(1).to_le_bytes()
    }
}

fn derived(secret: &[u8], number: u8) -> [u8; NightSecret::BYTES] {
    Sha256::new().chain_update([number]).chain_update(secret).finalize().into()
}

impl fmt::Debug for NightSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NightSecret").finish_non_exhaustive()
    }
}
