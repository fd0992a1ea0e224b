//! Writes a file of known records.

use std::io::{self, Write};

use super::known_file::{MARK, MOST_OF_BLOCK, NOTICE_BYTES};
use super::{Basis, Fingerprint, NightSecret};
use crate::index::HashedKey;

/// Writes a file of known records, from its beginning.
pub(super) struct KnownWriter<W> {
    into: W,
    block: Vec<u8>,
}

impl<W: Write> KnownWriter<W> {
    /// Begins a file that holds by `basis`.
    pub(super) fn begin(mut into: W, basis: &Basis, secret: &NightSecret) -> io::Result<Self> {
        let mut header = Vec::from(MARK);
        header.extend_from_slice(&basis.0);
        header.extend_from_slice(secret.as_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        into.write_all(&header)?;
        Ok(Self { into, block: Vec::with_capacity(MOST_OF_BLOCK) })
    }

    /// Adds a record, behind those before it in the export.
    pub(super) fn add(&mut self, fingerprint: Fingerprint, notices: u64, keys: &[HashedKey]) -> io::Result<()> {
        let Ok(count) = u8::try_from(keys.len()) else { return Ok(()) };
        let notices = notices.to_le_bytes();
        let length = Fingerprint::BYTES + NOTICE_BYTES + 1 + keys.as_flattened().len();
        if self.block.len() + length > MOST_OF_BLOCK {
            self.close_block()?;
        }
        fingerprint.append_to(&mut self.block);
        self.block.extend_from_slice(&notices[..NOTICE_BYTES]);
        self.block.push(count);
        self.block.extend_from_slice(keys.as_flattened());
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.close_block()?;
        self.into.flush()
    }

    fn close_block(&mut self) -> io::Result<()> {
        let Some(length) = u32::try_from(self.block.len()).ok().filter(|length| *length > 0) else { return Ok(()) };
        self.into.write_all(&length.to_le_bytes())?;
        self.into.write_all(&crc32fast::hash(&self.block).to_le_bytes())?;
        self.into.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}
