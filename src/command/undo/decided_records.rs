//! The records that undoing a run has decided about already, so that nothing is counted twice.

use std::io;

use crate::index::Table;
use crate::journal::RecordKey;

/// Records in memory of those that were decided about.
const BUFFERED: usize = 8 * 1024;

const KEY_BYTES: usize = 10;

/// Records that were decided about, on disk if there are many.
pub(super) struct DecidedRecords(Table<KEY_BYTES>);

impl DecidedRecords {
    pub(super) fn none() -> Self {
        Self(Table::new(BUFFERED, std::env::temp_dir()))
    }

    fn bytes(key: RecordKey) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        bytes[..2].copy_from_slice(&key.input.to_be_bytes());
        bytes[2..].copy_from_slice(&key.number.to_be_bytes());
        bytes
    }

    pub(super) fn add(&mut self, key: RecordKey) -> io::Result<()> {
        self.0.insert(Self::bytes(key))
    }

    pub(super) fn has(&self, key: RecordKey) -> io::Result<bool> {
        self.0.find(&Self::bytes(key)).map(|found| found.is_some())
    }
}
