//! Which memberships are in the export, and which users and organizations, even if something else is wrong with their records.

use std::io;
use std::path::Path;

use super::search_error::SearchError;
use crate::index::{HASH_BYTES, SortedFile, Sorter, hash_of};
use crate::kind::Kind;
use crate::mapping::{RecordIds, lists_all_memberships, membership_pair};
use crate::source::{Input, InputWatch, RawRecord, ReaderLimits, RecordReader};

/// Entries in memory while they are sorted: 256 KiB.
const BUFFERED: usize = 16 * 1024;

/// The key of one of a kind, by its id at Clerk.
pub(super) fn key(kind: Kind, clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(kind.number(), clerk_id.trim())
}

/// The key of a user whose record does not say all memberships, which can stand in users.
fn key_of_incomplete(clerk_id: &str) -> [u8; HASH_BYTES] {
    // As no kind is numbered.
    hash_of(u8::MAX, clerk_id.trim())
}

/// What is in the export.
pub(super) struct PresentMemberships {
    ids: SortedFile<HASH_BYTES>,
    /// Memberships that do not say whose they are, and users who cannot be read and do not say who they are.
    pub without_id: u64,
}

impl PresentMemberships {
    /// Goes through the inputs to their end; nothing if it was stopped. Files without a name go to `directory`.
    pub(super) fn read(
        inputs: &[(Kind, Input, InputWatch)],
        limits: ReaderLimits,
        directory: &Path,
        is_stopped: impl Fn() -> bool,
    ) -> Result<Option<Self>, SearchError> {
        let (collected, mut without_id) = (Sorter::<HASH_BYTES>::new(BUFFERED, directory.to_path_buf()), 0);
        for (kind, input, watch) in inputs {
            let mut reader = RecordReader::open_watched(input, limits, watch)?;
            while let Some(chunk) = reader.next_chunk()? {
                if is_stopped() {
                    return Ok(None);
                }
                for span in &chunk.spans {
                    let record = span.fault.is_none().then(|| RawRecord::new(&chunk, span));
                    let id = record.and_then(|record| match kind {
                        Kind::Membership => membership_pair(record),
                        _ => RecordIds::of(record).clerk_id,
                    });
                    let is_whole = *kind != Kind::User || record.is_some_and(lists_all_memberships);
                    match id {
                        Some(id) => {
                            collected.extend(&[key(*kind, &id)])?;
                            if !is_whole {
                                collected.extend(&[key_of_incomplete(&id)])?;
                            }
                        }
                        None => without_id += u64::from(*kind == Kind::Membership || !is_whole),
                    }
                }
            }
        }
        let sorted = collected.finish()?;
        let ids = SortedFile::write(tempfile::tempfile_in(directory)?, sorted.iter())?;
        Ok(Some(Self { ids, without_id }))
    }

    /// Whether one is in the export.
    pub(super) fn has(&self, kind: Kind, clerk_id: &str) -> io::Result<bool> {
        Ok(self.ids.find(&key(kind, clerk_id))?.is_some())
    }

    /// Whether a user may have memberships that a record of the export should list, and does not.
    pub(super) fn is_incomplete(&self, user: &str) -> io::Result<bool> {
        Ok(self.ids.find(&key_of_incomplete(user))?.is_some())
    }
}
