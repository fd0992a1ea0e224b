//! Whom a later run saw again at the target, after a run had disabled them or left them as they were. A run that does not look who
//! is missing enables users who are back, too, and says nothing of that but in its journal.

use std::path::Path;

use super::changed_states::ChangedStates;
use super::search_error::{SearchError, lost};
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::journal::{LearnedId, RunDirectory, RunRecord, read_learned_ids};
use crate::kind::Kind;

/// Entries in memory: 96 KiB.
const BUFFERED: usize = 8 * 1024;

/// The identities that were seen again, by the target's ids.
pub(super) struct SeenAgain(Table<HASH_BYTES>);

impl SeenAgain {
    /// Reads the journals of these runs, which are those whose files `states` was read from, in the same order. Of users about whom no
    /// run did anything nothing is read. Files without a name go to `directory`.
    pub(super) fn read(
        runs: &[(RunDirectory, RunRecord)],
        states: &ChangedStates,
        directory: &Path,
    ) -> Result<Self, SearchError> {
        let mut seen = Table::new(BUFFERED, directory.to_path_buf());
        let Some(first) = states.first_file() else { return Ok(Self(seen)) };
        for (number, (run, record)) in runs.iter().enumerate().skip(first + 1) {
            if run.is_pruned() {
                continue;
            }
            let read = read_learned_ids(&run.journal(), 0, |LearnedId { key, id, .. }| {
                let is_user = record.inputs.get(usize::from(key.input)).is_some_and(|input| input.kind == Kind::User);
                // What a run did itself came behind what it learned.
                if is_user && states.last_word(id)?.is_some_and(|(_, file)| file < number) {
                    seen.insert(hash_of(0, id))?;
                }
                Ok(())
            });
            read.map_err(|error| lost(run, &error))?;
        }
        Ok(Self(seen))
    }

    /// Whether the identity with this id was seen again.
    pub(super) fn has(&self, id: &str) -> std::io::Result<bool> {
        Ok(self.0.find(&hash_of(0, id))?.is_some())
    }
}
