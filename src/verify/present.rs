//! The ids of all records of an export, on disk, also of records that cannot be sent. An identity that no record led to may
//! still belong to one of these, and then nobody should delete it as one that is not in the export.

use std::io;

use crate::destination::Listed;
use crate::index::{HASH_BYTES, Table, hash_of};

/// A hash of an id, and the state of its record.
const ENTRY_BYTES: usize = HASH_BYTES + 1;

/// The number of entries in memory: 104 KiB, and as much again for their tree.
const BUFFERED: usize = 8 * 1024;

/// The state of a record that an identity may belong to. Of several records, the first state in this order counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordState {
    /// It cannot be sent, and its id at Clerk cannot be read: only the external id identifies the user.
    RejectedWithoutId,
    /// It cannot be sent.
    Rejected,
    /// It can be sent.
    Compared,
}

impl RecordState {
    const ALL: [Self; 3] = [Self::RejectedWithoutId, Self::Rejected, Self::Compared];
}

/// An id that identifies a user.
#[derive(Clone, Copy)]
enum Key<'a> {
    ClerkId(&'a str),
    ExternalId(&'a str),
}

impl Key<'_> {
    fn hash(self) -> [u8; HASH_BYTES] {
        match self {
            Self::ClerkId(text) => hash_of(0, text),
            Self::ExternalId(text) => hash_of(1, text),
        }
    }
}

/// The ids of the records of an export.
#[derive(Debug)]
pub(super) struct IdsInExport {
    entries: Table<ENTRY_BYTES>,
}

impl IdsInExport {
    pub(super) fn new() -> Self {
        Self { entries: Table::new(BUFFERED, std::env::temp_dir()) }
    }

    /// Adds a record that can be sent.
    pub(super) fn add_compared(&mut self, clerk_id: Option<&str>, external_id: &str) -> io::Result<()> {
        let keys = [clerk_id.map(Key::ClerkId), Some(Key::ExternalId(external_id))];
        self.add(keys, RecordState::Compared)
    }

    /// Adds a record that cannot be sent, with those of its ids that can be read.
    pub(super) fn add_rejected(&mut self, clerk_id: Option<&str>, external_id: Option<&str>) -> io::Result<()> {
        let state = if clerk_id.is_some() { RecordState::Rejected } else { RecordState::RejectedWithoutId };
        // A user without an external id is imported under the id at Clerk.
        let keys = [clerk_id.map(Key::ClerkId), external_id.or(clerk_id).map(Key::ExternalId)];
        self.add(keys, state)
    }

    fn add(&mut self, keys: [Option<Key<'_>>; 2], state: RecordState) -> io::Result<()> {
        keys.into_iter().flatten().try_for_each(|key| {
            let mut entry = [state as u8; ENTRY_BYTES];
            entry[..HASH_BYTES].copy_from_slice(&key.hash());
            self.entries.insert(entry)
        })
    }

    /// The record that an identity belongs to, if any. The id at Clerk decides, because another user may now have the
    /// external id. The external id decides only if the identity or the record lacks the id at Clerk.
    pub(super) fn record_of(&self, listed: &Listed) -> io::Result<Option<RecordState>> {
        if let Some(clerk_id) = listed.clerk_id.as_deref()
            && let Some(state) = self.find(Key::ClerkId(clerk_id))?
        {
            return Ok(Some(state));
        }
        let Some(external_id) = listed.external_id.as_deref() else { return Ok(None) };
        let state = self.find(Key::ExternalId(external_id))?;
        Ok(state.filter(|state| listed.clerk_id.is_none() || *state == RecordState::RejectedWithoutId))
    }

    fn find(&self, key: Key<'_>) -> io::Result<Option<RecordState>> {
        let entry = self.entries.find(&key.hash())?;
        Ok(entry.and_then(|entry| RecordState::ALL.get(usize::from(entry[HASH_BYTES])).copied()))
    }
}
