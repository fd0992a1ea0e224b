//! The short hash of a block of an input.

use serde::{Deserialize, Serialize};
use twox_hash::{XxHash3_64, XxHash64};

/// By what the blocks of an input are known. None is proof against anybody who wants it to be the same: for that there is the
/// digest of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BlockHash {
    /// XXH64, which runs of version 0.1.0 have; they do not say so.
    #[default]
    Xxh64,
    /// XXH3 of 64 bits, which takes a third of the time.
    Xxh3,
}

impl BlockHash {
    /// The hash of a block.
    pub(super) fn of(self, block: &[u8]) -> u64 {
        match self {
            Self::Xxh64 => XxHash64::oneshot(0, block),
            Self::Xxh3 => XxHash3_64::oneshot(block),
        }
    }
}
