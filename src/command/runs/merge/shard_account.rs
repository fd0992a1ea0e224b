//! The account of one shard, as its journal has it.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::merge_error::MergeError;
use super::shard_run::ShardRun;
use crate::index::Duplicates;
use crate::journal::{CountedRejects, Ended, EndedInput, Ending, InputRecord, Journal, JournalAccount, Settled};
use crate::memberships::MembershipsReport;
use crate::outcomes::{InputProgress, Ledger};
use crate::passwords::PasswordsReport;

/// What became of a shard's records.
pub(super) struct ShardAccount<'a> {
    pub part: &'a ShardRun,
    pub ledger: Ledger,
    /// Where its rejects were written.
    pub rejects: Vec<CountedRejects>,
}

/// What the report says that a version left which said nothing of it in the journal.
#[derive(Default, Deserialize)]
#[serde(default)]
struct EarlierShardReport {
    inputs: Vec<InputProgress>,
    not_asked: u64,
    requests: RequestCounts,
    elapsed_seconds: f64,
}

#[derive(Default, Deserialize)]
struct RequestCounts {
    sent: u64,
    retries: u64,
    throttled: u64,
}

impl<'a> ShardAccount<'a> {
    /// Reads it.
    pub(super) fn of(part: &'a ShardRun) -> Result<Self, MergeError> {
        let ended = part.directory.journalled_end().unwrap_or_else(|| of_earlier_version(part));
        let mut ledger = Ledger::of_ended(ended, part.shard);
        for (input, InputRecord { path, .. }) in ledger.inputs.iter_mut().zip(&part.record.inputs) {
            if input.input.is_empty() {
                input.input.clone_from(path);
            }
        }
        let (journal, rejects) = (part.directory.journal(), part.directory.rejects());
        let (inputs, duplicates) = (part.record.inputs.len(), Duplicates::open(&part.directory.duplicates()).ok());
        let replayed = |settled: &Settled| ledger.book_replayed(settled, duplicates.as_ref());
        let JournalAccount { ending, rejects, records, .. } =
            Journal::read_whole(&journal, &rejects, inputs, replayed)?;
        if ending != Ending::Finished {
            return Err(part.inconsistent("the journal", "it has no end".to_owned()));
        }
        for (input, records) in ledger.inputs.iter_mut().zip(records) {
            input.records = records.unwrap_or(input.records);
        }
        // Replaying a journal is how this account is made: that is no earlier part of a run.
        ledger.continued_records = 0;
        if let Some(found) = &duplicates {
            let path = part.directory.duplicates();
            ledger.name_sharing(found, &Some(part.shard).into()).map_err(MergeError::io(&path))?;
        }
        Ok(Self { part, ledger, rejects })
    }

    /// How many records it saw, those of the other shards, too.
    fn seen(&self) -> u64 {
        self.ledger.counts().read + self.ledger.left_to_others()
    }
}

/// How a run ended whose journal does not say it. What its report says beside is for people only, and is missed if somebody
/// deleted that.
fn of_earlier_version(part: &ShardRun) -> Ended {
    let report = std::fs::read(part.directory.report()).map_err(|error| error.to_string());
    let report = report.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    let EarlierShardReport { inputs, not_asked, requests, elapsed_seconds } = report.unwrap_or_else(|problem| {
        let path = part.directory.report();
        tracing::warn!("`{}` cannot be used ({problem}): its requests are not counted", path.display());
        EarlierShardReport::default()
    });
    let reported = |index: usize| inputs.get(index).filter(|_| inputs.len() == part.record.inputs.len());
    let inputs = part.record.inputs.iter().enumerate().map(|(index, input)| {
        let reported = reported(index);
        EndedInput {
            name: reported.map_or_else(|| input.path.clone(), |reported| reported.input.clone()),
            bytes: input.fingerprint.as_ref().map(|file| file.bytes),
            consumed: reported.map_or(0, |reported| reported.consumed),
            // The journal knows it.
            records: 0,
            empty_rows: reported.map_or(0, |reported| reported.skipped_rows.empty),
            header_rows: reported.map_or(0, |reported| reported.skipped_rows.headers),
        }
    });
    let elapsed = Duration::try_from_secs_f64(elapsed_seconds).unwrap_or_default();
    Ended {
        finished: true,
        exit_code: 0,
        inputs: inputs.collect(),
        not_asked,
        requests: requests.sent,
        retries: requests.retries,
        throttled: requests.throttled,
        milliseconds: u64::try_from(elapsed.as_millis()).unwrap_or_default(),
    }
}

/// All shards saw the same number of records, and together they took as many.
pub(super) fn check_sums(accounts: &[ShardAccount<'_>]) -> Result<(), MergeError> {
    let taken: u64 = accounts.iter().map(|account| account.ledger.counts().read).sum();
    match accounts.iter().find(|account| account.seen() != taken) {
        None => Ok(()),
        Some(account) => {
            let problem = format!("it saw {} records, and all shards together took {taken}", account.seen());
            Err(account.part.inconsistent("the account", problem))
        }
    }
}

/// The account of the joined passwords. Each shard goes through the whole input for it, so each one's is that of all.
pub(super) fn passwords(part: &ShardRun) -> Option<PasswordsReport> {
    part.record.passwords.as_ref()?;
    kept(&part.directory.passwords(), "passwords")
}

/// The account of the memberships that went into their users; each shard's is that of all, too.
pub(super) fn memberships(part: &ShardRun) -> Option<MembershipsReport> {
    let path = part.directory.memberships();
    if path.exists() { kept(&path, "memberships") } else { None }
}

fn kept<T: DeserializeOwned>(path: &Path, what: &str) -> Option<T> {
    let report = std::fs::read(path).and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from));
    let missed = |error: &io::Error| {
        tracing::warn!(%error, "`{}` cannot be used: the account of the {what} is missing", path.display());
    };
    report.inspect_err(missed).ok()
}
