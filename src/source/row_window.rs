//! The bytes in the buffer, by their offsets in the input.

use std::ops::Range;

use super::record::to_index;

/// The bytes that are in the buffer.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub bytes: &'a [u8],
    /// The offset of the first byte.
    pub base: u64,
}

impl<'a> Window<'a> {
    /// All bytes from this offset on.
    pub(super) fn from(self, offset: u64) -> &'a [u8] {
        self.bytes.get(to_index(offset.saturating_sub(self.base))..).unwrap_or_default()
    }

    /// The bytes of a range, if all of them are in the buffer.
    pub(super) fn slice(self, range: Range<u64>) -> Option<&'a [u8]> {
        let start = to_index(range.start.checked_sub(self.base)?);
        self.bytes.get(start..)?.get(..to_index(range.end.checked_sub(range.start)?))
    }
}
