//! One run as it is listed and shown: its journal is the truth about it, finished or not, and is only read.

use std::path::Path;

use serde::Serialize;

use crate::files::disk_use;
use crate::index::Duplicates;
use crate::journal::{
    Ending, Journal, JournalError, Lock, LogError, PrunedRecord, RunDirectory, RunRecord, UndoneRecord,
};
use crate::kind::Kind;
use crate::outcomes::{Counts, Ledger};
use crate::source::Input;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::command) enum RunState {
    /// Some process is at it.
    Running,
    /// It did not come to its end.
    Interrupted,
    /// All done.
    Finished,
    /// What it had created was deleted again.
    Undone,
    /// Some of it was, and undoing it again goes on.
    Undoing,
    /// Its journal was removed by `runs prune`.
    Pruned,
    /// Its journal cannot be used.
    Damaged,
}

/// A run as it is listed.
#[derive(Debug, Serialize)]
pub(in crate::command) struct RunOverview {
    #[serde(flatten)]
    pub record: RunRecord,
    pub state: RunState,
    /// The runs of the shards, if this is the account that was made of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<String>,
    /// Each record of which the journal knows is in exactly one of `created`, `updated`, `unchanged`, `rejected` and
    /// `unfinished`: sent, and the answer is not known. `read` is their sum.
    pub counts: Option<Counts>,
    /// Of a run that was undone, in part at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<UndoneCounts>,
    /// Bytes in its directory.
    pub disk_bytes: u64,
}

/// What became of the identities that a run created: the sum is `created`. Nothing is known of them if undoing was killed, until
/// it has come to its end.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::command) struct UndoneCounts {
    /// Not at the target any more.
    pub deleted: Option<u64>,
    /// Kept: changed since, not the run's own any more, or the target did not delete them.
    pub kept: Option<u64>,
    /// Still to be undone.
    pub left: Option<u64>,
}

impl RunOverview {
    /// Looks at a run, and at what became of its records.
    pub(in crate::command) fn of(directory: &RunDirectory, record: RunRecord) -> (Self, Ledger) {
        let inputs: Vec<Input> =
            record.inputs.iter().map(|input| Input::from_argument(Path::new(&input.path))).collect();
        let kinds: Vec<Kind> = record.inputs.iter().map(|input| input.kind).collect();
        let mut ledger = Ledger::of_sending(&inputs).of_kinds(&kinds);
        let duplicates = Duplicates::open(&directory.duplicates()).ok();
        let pruned = directory.pruned_record();
        let read = Journal::read(&directory.journal(), inputs.len(), |settled| {
            ledger.book_replayed(settled, duplicates.as_ref());
        });
        let state = match &read {
            _ if Lock::is_held(&directory.lock()) => RunState::Running,
            _ if directory.is_undone_as_a_whole() => RunState::Undone,
            _ if directory.is_undone() => RunState::Undoing,
            _ if pruned.is_some() => RunState::Pruned,
            Ok(_) if directory.is_finished() => RunState::Finished,
            // A resumed run writes an emptied journal anew: it finds its users by their marks.
            Ok(_) | Err(JournalError::Log { source: LogError::Empty, .. }) => RunState::Interrupted,
            Err(_) => RunState::Damaged,
        };
        let counts = read.ok().map(|ending| counts(&ledger, &ending));
        let counts = counts.or(pruned.and_then(|pruned| pruned.counts).map(of_pruned));
        let undone = directory.is_undone().then(|| undone(counts, directory.undone_record()));
        let disk_bytes = disk_use(directory.path());
        (Self { record, state, merged_from: Vec::new(), counts, undone, disk_bytes }, ledger)
    }

    /// The account of several shards, by what these are now.
    pub(in crate::command) fn merged(id: String, directory: &Path, parts: &[&Self]) -> Option<Self> {
        let first = parts.first()?;
        let all = |state: RunState| parts.iter().all(|part| part.state == state);
        let state = if all(RunState::Undone) {
            RunState::Undone
        } else if parts.iter().any(|part| matches!(part.state, RunState::Undone | RunState::Undoing)) {
            RunState::Undoing
        } else if all(RunState::Pruned) {
            RunState::Pruned
        } else {
            RunState::Finished
        };
        let sum = |counts: Counts, other: Counts| Counts {
            read: counts.read + other.read,
            valid: None,
            created: counts.created + other.created,
            updated: counts.updated + other.updated,
            unchanged: counts.unchanged + other.unchanged,
            rejected: counts.rejected + other.rejected,
            unfinished: counts.unfinished + other.unfinished,
        };
        let counts = parts.iter().map(|part| part.counts).reduce(|one, other| Some(sum(one?, other?))).flatten();
        let is_undone = matches!(state, RunState::Undone | RunState::Undoing);
        let of_part = |part: &&Self| match part.undone {
            Some(undone) => undone,
            None => UndoneCounts { deleted: Some(0), kept: Some(0), left: part.counts.map(|counts| counts.created) },
        };
        let add = |one: Option<u64>, other: Option<u64>| Some(one? + other?);
        let undone = parts.iter().map(of_part).reduce(|one, other| UndoneCounts {
            deleted: add(one.deleted, other.deleted),
            kept: add(one.kept, other.kept),
            left: add(one.left, other.left),
        });
        let record = RunRecord { id, shard: None, ..first.record.clone() };
        Some(Self {
            record,
            state,
            merged_from: parts.iter().map(|part| part.record.id.clone()).collect(),
            counts,
            undone: undone.filter(|_| is_undone),
            disk_bytes: disk_use(directory),
        })
    }
}

fn counts(ledger: &Ledger, ending: &Ending) -> Counts {
    let unfinished = match ending {
        Ending::InDoubt(doubts) => doubts.len() as u64,
        Ending::Finished | Ending::Interrupted => 0,
    };
    let counts = ledger.counts();
    Counts { read: counts.read + unfinished, unfinished, ..counts }
}

/// The counts that were kept of a journal.
fn of_pruned(kept: PrunedRecord) -> Counts {
    let PrunedRecord { created, updated, unchanged, rejected, unfinished } = kept;
    let read = created + updated + unchanged + rejected + unfinished;
    Counts { read, valid: None, created, updated, unchanged, rejected, unfinished }
}

fn undone(counts: Option<Counts>, record: Option<UndoneRecord>) -> UndoneCounts {
    let Some(UndoneRecord { deleted, kept }) = record else {
        return UndoneCounts { deleted: None, kept: None, left: None };
    };
    let left = counts.map(|counts| counts.created.saturating_sub(deleted + kept));
    UndoneCounts { deleted: Some(deleted), kept: Some(kept), left }
}
