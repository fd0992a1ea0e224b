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

    /// Its form in files.
    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let Extent { bytes, line_breaks } = self.extent;
        let [bytes, line_breaks] = [bytes, line_breaks].map(u32::to_le_bytes);
        let parts = [self.hash.as_slice(), &bytes, &line_breaks].concat();
        std::array::from_fn(|index| parts[index])
    }

    /// The one that has this form.
    pub(super) fn of_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let number = |start: usize| u32::from_le_bytes(std::array::from_fn(|index| bytes[start + index]));
        let hash = std::array::from_fn(|index| bytes[index]);
        Self { hash, extent: Extent { bytes: number(16), line_breaks: number(20) } }
    }
}
