//! What would be deleted out of organizations, in a dry run: what else is in them keeps them.

use std::io;

use crate::index::{HASH_BYTES, Table, hash_of};
use crate::kind::Kind;

/// Entries in memory: 128 KiB.
const BUFFERED: usize = 8 * 1024;

/// Memberships and role tuples that a dry run would delete, on disk if there are many.
pub(super) struct DoomedContents(Table<HASH_BYTES>);

impl DoomedContents {
    pub(super) fn none() -> Self {
        Self(Table::new(BUFFERED, std::env::temp_dir()))
    }

    /// Adds one, by its id at the target. Of what is in no organization nothing is kept.
    pub(super) fn add(&mut self, kind: Kind, id: &str) -> io::Result<()> {
        match kind {
            Kind::Membership | Kind::RoleTuple => self.0.insert(hash_of(kind.number(), id)),
            Kind::User | Kind::Organization | Kind::Invitation => Ok(()),
        }
    }

    pub(super) fn has(&self, kind: Kind, id: &str) -> io::Result<bool> {
        Ok(self.0.find(&hash_of(kind.number(), id))?.is_some())
    }
}
