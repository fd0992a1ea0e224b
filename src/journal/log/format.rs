//! The bytes of a log: its beginning, its marks, and what an entry is made of.

/// The first bytes of every log.
pub(super) const MAGIC: &[u8; 8] = b"AVNJRNL2";

/// The first bytes of logs without marks, which earlier versions wrote.
pub(super) const MAGIC_WITHOUT_MARKS: &[u8; 8] = b"AVNJRNL1";

/// How a mark begins. No entry has this length.
pub(super) const MARK_START: [u8; 4] = [0xFF; 4];

/// Bytes of a mark.
pub(super) const MARK: usize = 16;

/// Bytes before the payload.
pub(super) const HEAD: usize = 8;

/// Bytes behind the payload.
pub(super) const SUM: usize = 4;

/// The largest payload: far above what is written, so a larger length is damage, even if its check is right.
pub(super) const MAX_PAYLOAD: usize = 64 * 1024 * 1024;

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// The check of some bytes. Its highest bit is set, so that it is never zeros.
pub(super) fn sum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) | 1 << 31
}

/// The mark of a group that begins at this offset.
pub(super) fn mark(place: u64) -> [u8; MARK] {
    let mut mark = [0xFF; MARK];
    let (head, sum_bytes) = mark.split_at_mut(MARK - SUM);
    head[MARK_START.len()..].copy_from_slice(&place.to_le_bytes());
    sum_bytes.copy_from_slice(&sum(head).to_le_bytes());
    mark
}
