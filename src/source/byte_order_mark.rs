//! The byte order mark at the beginning of a text.

/// U+FEFF. Some programs write it at the beginning; after files were put together, it may also be in the middle.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The length of the UTF-8 byte order mark at the start of `prefix`, or 0.
pub(super) fn byte_order_mark(prefix: &[u8]) -> usize {
    if prefix.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}
