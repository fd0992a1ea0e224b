//! What the decoders of compressed data share.

use std::io::{self, BufRead};

/// The next step through compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnpackStep {
    /// This many bytes of content.
    Content(usize),
    /// The end of a member or frame whose checksum is correct.
    Verified,
    /// The end of all data.
    End,
    /// The end of the data, with something else behind it.
    Surplus,
}

/// Skips zeros, with which tapes and disks fill their blocks. Returns the byte behind them.
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
