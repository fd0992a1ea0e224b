//! Which keys may be among those of the records that were mapped.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::index::HashedKey;

/// Bits of the filter: 512 KiB of memory. Half of them are set by some 700,000 keys; then one key in four passes that is not
/// among them, which costs work and nothing else.
const BITS: usize = 1 << 22;

/// A filter by Bloom: what was added passes, and of the rest few do. All threads use it at once.
#[derive(Debug)]
pub struct KeyFilter(Box<[AtomicU64]>);

impl KeyFilter {
    /// Nothing passes.
    pub fn new() -> Self {
        Self((0..BITS / 64).map(|_| AtomicU64::new(0)).collect())
    }

    /// Lets a key pass from now on.
    pub fn add(&self, key: &HashedKey) {
        for (word, bit) in places(key) {
            self.0[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether a key passes.
    pub fn passes(&self, key: &HashedKey) -> bool {
        places(key).into_iter().all(|(word, bit)| self.0[word].load(Ordering::Relaxed) & bit != 0)
    }
}

impl Default for KeyFilter {
    fn default() -> Self {
        Self::new()
    }
}

/// Two bits. A key is a hash already, and its last byte is its kind.
fn places(key: &HashedKey) -> [(usize, u64); 2] {
    [0, 4].map(|at| {
        let bits = u32::from_le_bytes(std::array::from_fn(|index| key[at + index])) as usize % BITS;
        (bits / 64, 1 << (bits % 64))
    })
}
