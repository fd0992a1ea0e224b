//! Which memberships are in the export, and which users and organizations, even if something else is wrong with their records.

use std::io;
use std::path::Path;

use super::search_error::SearchError;
use crate::index::{HASH_BYTES, SortedFile, Sorter, hash_of};
use crate::kind::Kind;
use crate::mapping::{RecordIds, membership_pair};
use crate::source::{Input, InputWatch, RawRecord, ReaderLimits, RecordReader};

/// Entries in memory while they are sorted: 256 KiB.
const BUFFERED: usize = 16 * 1024;

/// The key of one of a kind, by its id at Clerk.
pub(super) fn key(kind: Kind, clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(kind.number(), clerk_id.trim())
}

/// What is in the export.
pub(super) struct PresentMemberships {
    ids: SortedFile<HASH_BYTES>,
    /// Memberships that do not say whose they are.
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
                    match id {
                        Some(id) => collected.extend(&[key(*kind, &id)])?,
                        // Who is not known to be in the export has no membership that is missing.
                        None => without_id += u64::from(*kind == Kind::Membership),
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
}
