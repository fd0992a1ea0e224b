//! What several runs did about memberships and tuples that were missing, by the records that they were created for: one that was
//! created again is another one.

use std::io;
use std::path::{Path, PathBuf};

use super::CreatedEarlier;
use super::changed_states::StatesFile;
use super::removal::{Removal, RemovalKind};
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::kind::Kind;

/// The hash, and what was done.
const ENTRY_BYTES: usize = HASH_BYTES + 1;

/// Entries in memory: 136 KiB.
const BUFFERED: usize = 8 * 1024;

/// What runs did.
#[derive(Debug)]
pub struct Removals(Table<ENTRY_BYTES>);

impl Removals {
    /// Reads the files of runs; those that are not there say nothing. Files without a name go to `directory`.
    pub fn read(paths: impl IntoIterator<Item = PathBuf>, directory: &Path) -> io::Result<Self> {
        let mut entries = Table::new(BUFFERED, directory.to_path_buf());
        for path in paths {
            StatesFile::read(&path, |removal: Removal| {
                let mut entry = [0; ENTRY_BYTES];
                entry[..HASH_BYTES].copy_from_slice(&key(removal.kind, &removal.known));
                let place = RemovalKind::ALL.iter().position(|kind| *kind == removal.change);
                entry[HASH_BYTES] = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX);
                entries.insert(entry)
            })?;
        }
        Ok(Self(entries))
    }

    /// The last word about one.
    pub fn of(&self, kind: Kind, known: &CreatedEarlier) -> io::Result<Option<RemovalKind>> {
        let entry = self.0.find(&key(kind, known))?;
        Ok(entry.and_then(|entry| RemovalKind::ALL.get(usize::from(entry[HASH_BYTES])).copied()))
    }
}

/// What no other one has, also from one with the same id that was created later.
pub(super) fn key(kind: Kind, known: &CreatedEarlier) -> [u8; HASH_BYTES] {
    let CreatedEarlier { run, record: (input, number), id, .. } = known;
    hash_of(kind.number(), &format!("{run} {input}:{number} {id}"))
}
