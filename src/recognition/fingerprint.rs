//! What is kept of the bytes of a record, so that they are known again.

use super::{NightSecret, RecordHash};
use crate::source::Extent;

/// What is kept of the bytes of a record: how far it goes, so that its end need not be looked for, and what its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub(super) hash: RecordHash,
    pub(super) extent: Extent,
}

impl Fingerprint {
    pub(super) const BYTES: usize = size_of::<RecordHash>() + 8;

    /// The fingerprint of a record with these bytes. Nothing of one that is so long that no input has it.
    pub(super) fn of(record: &[u8], secret: &NightSecret) -> Option<Self> {
        Some(Self { hash: secret.hash(record), extent: Extent::of(record)? })
    }

    /// Appends its form in files.
    pub(super) fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.hash);
        for number in [self.extent.bytes, self.extent.line_breaks] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// The one that has this form.
    pub(super) fn of_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        const HASH: usize = size_of::<RecordHash>();
        let number = |start: usize| u32::from_le_bytes(std::array::from_fn(|index| bytes[start + index]));
        let hash = std::array::from_fn(|index| bytes[index]);
        Self { hash, extent: Extent { bytes: number(HASH), line_breaks: number(HASH + 4) } }
    }
}
