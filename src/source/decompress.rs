//! What decoders of compressed data have in common.

use std::io::{self, BufRead};

/// What comes next out of compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnpackStep {
    /// So many bytes of content.
    Content(usize),
    /// The end of a member or frame whose checksum is right.
    Verified,
    /// The end of it all.
    End,
    /// The end, and something else behind it.
    Surplus,
}

/// Goes past zeros, with which tapes and disks fill up what is shorter than their blocks; returns the byte behind them.
pub(super) fn behind_zeros(source: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let bytes = source.fill_buf()?;
        let (zeros, found) = match bytes.iter().position(|byte| *byte != 0) {
            Some(at) => (at, Some(bytes[at])),
            None => (bytes.len(), None),
        };
        source.consume(zeros);
        if found.is_some() || zeros == 0 {
            return Ok(found);
        }
    }
}
