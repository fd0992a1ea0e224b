//! What a journal says about what the target calls those whom it has.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::entry::{Entry, Identified, RecordKey, RecordOutcome, Settled};
use super::log::LogReader;
use super::{JournalError, LogError};

/// What Clerk and the target call the same one, as a run learned it from the target's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearnedId<'a> {
    /// The record that it was learned with.
    pub key: RecordKey,
    /// The id at Clerk.
    pub clerk_id: &'a str,
    /// The external id at the target.
    pub external_id: &'a str,
    /// The target's own id.
    pub id: &'a str,
}

/// What a journal said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearnedIds {
    /// Where to go on the next time.
    pub end: u64,
    /// Records are in it of which a version before this one kept no ids.
    pub misses_some: bool,
}

/// Reads what was learned from the byte `from` on, in that order; from the beginning if nothing begins there any more. A run may
/// be under way meanwhile. If `each` fails, its error comes back as one of the journal's.
pub fn read_learned_ids(
    journal: &Path,
    from: u64,
    mut each: impl FnMut(LearnedId<'_>) -> io::Result<()>,
) -> Result<LearnedIds, JournalError> {
    let failed = |source| JournalError::Io { path: journal.to_path_buf(), source };
    let wrong = |source| JournalError::Log { path: journal.to_path_buf(), source };
    let reader = BufReader::with_capacity(1 << 16, File::open(journal).map_err(failed)?);
    let Some(mut log) = LogReader::open_at(reader, from).map_err(wrong)? else {
        return Ok(LearnedIds { end: 0, misses_some: false });
    };
    let mut misses_some = false;
    while let Some(bytes) = log.next_entry().map_err(wrong)? {
        let entry = Entry::decode(bytes).ok_or_else(|| wrong(LogError::Newer))?;
        match &entry {
            Entry::SettledAs { records, identified, .. } => {
                learned(records, identified).try_for_each(&mut each).map_err(failed)?;
            }
            Entry::Settled { records, .. } | Entry::SettledWith { records, .. } => {
                misses_some |= records.iter().any(|record| !record.outcome.is_rejected());
            }
            _ => {}
        }
    }
    Ok(LearnedIds { end: log.offset(), misses_some })
}

/// Reads who was created, of those of whom the journal has the ids at Clerk and at the target. If `each` fails, its error comes back
/// as one of the journal's.
pub fn read_created_ids(
    journal: &Path,
    mut each: impl FnMut(LearnedId<'_>) -> io::Result<()>,
) -> Result<(), JournalError> {
    let failed = |source| JournalError::Io { path: journal.to_path_buf(), source };
    let wrong = |source| JournalError::Log { path: journal.to_path_buf(), source };
    let reader = BufReader::with_capacity(1 << 16, File::open(journal).map_err(failed)?);
    let Some(mut log) = LogReader::open(reader).map_err(wrong)? else { return Ok(()) };
    while let Some(bytes) = log.next_entry().map_err(wrong)? {
        let entry = Entry::decode(bytes).ok_or_else(|| wrong(LogError::Newer))?;
        // Earlier versions did not keep the ids at Clerk.
        let Entry::SettledAs { records, identified, .. } = &entry else { continue };
        let is_created = |settled: &&Settled| matches!(settled.outcome, RecordOutcome::Created { .. });
        let created: HashSet<RecordKey> = records.iter().filter(is_created).map(|settled| settled.key).collect();
        let ids = learned(records, identified).filter(|learned| created.contains(&learned.key));
        ids.into_iter().try_for_each(&mut each).map_err(failed)?;
    }
    Ok(())
}

/// What one entry says.
fn learned<'a>(records: &'a [Settled], identified: &'a [Identified]) -> impl Iterator<Item = LearnedId<'a>> {
    // Both are nearly in order.
    let mut named: Vec<RecordKey> = identified.iter().map(|identified| identified.key).collect();
    named.sort_unstable();
    let created = records.iter().filter_map(move |Settled { key, outcome, .. }| match outcome {
        RecordOutcome::Created { external_id, id: Some(id) } if named.binary_search(key).is_err() => {
            Some(LearnedId { key: *key, clerk_id: external_id, external_id, id })
        }
        _ => None,
    });
    created.chain(identified.iter().map(|Identified { key, clerk_id, external_id, id }| LearnedId {
        key: *key,
        clerk_id,
        external_id: external_id.as_deref().unwrap_or(clerk_id),
        id,
    }))
}
