//! Who is in the export: the ids at Clerk of all records, even if something else is wrong with them.

use std::io;
use std::path::Path;

use super::changed_states::ChangedStates;
use super::search_error::SearchError;
use super::state_change::StateChangeKind;
use crate::index::{HASH_BYTES, SortedFile, Sorter, Table, hash_of};
use crate::mapping::{RecordIds, Rules, map, read_user};
use crate::source::{Input, InputWatch, RawRecord, ReaderLimits, RecordReader};

/// Entries in memory while they are sorted: 192 KiB each.
const BUFFERED: usize = 16 * 1024;

/// A user who is back: the hash of the id, and whether the user may sign in.
const BACK_BYTES: usize = HASH_BYTES + 1;

/// The id of a record, as it is compared.
pub(super) fn key(clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(0, clerk_id.trim())
}

/// Who is in the export.
pub(super) struct PresentUsers {
    ids: SortedFile<HASH_BYTES>,
    back: Table<BACK_BYTES>,
    /// Records whose id cannot be read.
    pub without_id: u64,
}

impl PresentUsers {
    /// Goes through the inputs to their end; nothing if it was stopped. Files without a name go to `directory`.
    pub(super) fn read(
        inputs: &[(Input, InputWatch)],
        (limits, rules): (ReaderLimits, &Rules),
        states: &ChangedStates,
        directory: &Path,
        is_stopped: impl Fn() -> bool,
    ) -> Result<Option<Self>, SearchError> {
        let collected = Sorter::<HASH_BYTES>::new(BUFFERED, directory.to_path_buf());
        let (mut back, mut without_id) = (Table::new(BUFFERED, directory.to_path_buf()), 0);
        for (input, watch) in inputs {
            let mut reader = RecordReader::open_watched(input, limits, watch)?;
            while let Some(chunk) = reader.next_chunk()? {
                if is_stopped() {
                    return Ok(None);
                }
                for span in &chunk.spans {
                    let record = span.fault.is_none().then(|| RawRecord::new(&chunk, span));
                    let id = record.and_then(|record| RecordIds::of(record).clerk_id);
                    let (Some(record), Some(id)) = (record, id) else {
                        without_id += 1;
                        continue;
                    };
                    let hash = key(&id);
                    collected.extend(&[hash])?;
                    let state = states.of_clerk_id(id.trim())?;
                    if matches!(state, Some(StateChangeKind::Disabling | StateChangeKind::Disabled))
                        && let Some(may_sign_in) = may_sign_in(record, rules)?
                    {
                        let mut entry = [0; BACK_BYTES];
                        entry[..HASH_BYTES].copy_from_slice(&hash);
                        entry[HASH_BYTES] = u8::from(may_sign_in);
                        back.insert(entry)?;
                    }
                }
            }
        }
        let sorted = collected.finish()?;
        let ids = SortedFile::write(tempfile::tempfile_in(directory)?, sorted.iter())?;
        Ok(Some(Self { ids, back, without_id }))
    }

    /// Whether a user is in the export.
    pub(super) fn has(&self, clerk_id: &str) -> io::Result<bool> {
        Ok(self.ids.find(&key(clerk_id))?.is_some())
    }

    /// Of a user whom an earlier run disabled and who is back: whether the user may sign in at Clerk. Of two records of one user,
    /// the one that may not counts.
    pub(super) fn is_back(&self, clerk_id: &str) -> io::Result<Option<bool>> {
        Ok(self.back.find(&key(clerk_id))?.map(|entry| entry[HASH_BYTES] == 1))
    }
}

/// Whether the user of a record may sign in; nothing if the record is rejected.
fn may_sign_in(record: RawRecord<'_>, rules: &Rules) -> io::Result<Option<bool>> {
    let mapped = read_user(record, |user| Ok(map(user, rules).map(|mapped| !mapped.identity.is_disabled())))?;
    Ok(mapped.ok())
}
