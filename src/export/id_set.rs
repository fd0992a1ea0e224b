//! A set of ids.

use std::io;

use crate::index::{HASH_BYTES, Table, hash_of};

/// Ids in memory, as hashes: about a mebibyte with the tree that they are in. The others are in files without a name.
const NEWEST: usize = 32 * 1024;

/// The ids of records, in bounded memory.
#[derive(Debug)]
pub(super) struct IdSet(Table<HASH_BYTES>);

impl IdSet {
    /// None as yet.
    pub(super) fn new() -> Self {
        Self(Table::new(NEWEST, std::env::temp_dir()))
    }

    /// Notes an id.
    pub(super) fn insert(&mut self, id: &str) -> io::Result<()> {
        self.0.insert(hash_of(0, id))
    }

    /// Whether an id was noted.
    pub(super) fn contains(&self, id: &str) -> io::Result<bool> {
        Ok(self.0.find(&hash_of(0, id))?.is_some())
    }
}
