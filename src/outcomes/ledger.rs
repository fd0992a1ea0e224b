//! What became of the records: the one account of a run, owned by the committer. What changes it is in `ledger/book.rs`.

mod book;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::at_target::AtTarget;
use super::counts::{CodeCount, Counts, InputProgress};
use super::forecast_counts::ForecastCounts;
use super::sharing_record::SharingRecord;
use super::step_account::AccountBySteps;
use super::stop_reason::StopReason;
use crate::kind::Kind;
use crate::mapping::{Notice, NoticeKind, RejectCode};
use crate::pace::PaceFigures;
use crate::source::{Input, Purpose, Shard, SkippedRows};

/// How many positions of a code are kept for the summary; the rejects file has them all.
const FIRST_POSITIONS: usize = 3;

/// The account of a run.
#[derive(Debug)]
pub struct Ledger {
    /// Whether records are sent, so that they are settled at the target; if not, a valid record is settled.
    sending: bool,
    /// Which records of the inputs are meant.
    pub shard: Option<Shard>,
    read: u64,
    valid: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    rejected: BTreeMap<RejectCode, CodeCount>,
    /// Records of other shards that were looked at and do not map, by the shard's number.
    pub rejects_of_others: BTreeMap<u32, u64>,
    pub(crate) notices: BTreeMap<Notice, u64>,
    /// The first thousand records that share a verified address or number with another one.
    pub sharing: Vec<SharingRecord>,
    /// Users who have to set a new password.
    pub password_resets: u64,
    /// Unchanged users whom the target was not asked about: it confirmed them in an earlier run.
    pub not_asked: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that were further attempts.
    pub retries: u64,
    /// Requests refused for going too fast.
    pub throttled: u64,
    /// How fast it goes, and why not faster; none in a dry run.
    pub pace: Option<PaceFigures>,
    /// The inputs and how far they were read.
    pub inputs: Vec<InputProgress>,
    /// The first canonical identities, as JSON with their hashes masked.
    pub previews: Vec<String>,
    /// What a dry run counts for the forecast of an import.
    pub forecast_counts: ForecastCounts,
    /// What a dry run found at the target, if it looked there.
    pub at_target: Option<AtTarget>,
    /// Why the run ended early.
    pub stopped: Option<StopReason>,
    /// The rejects file, if there were rejects and they were to be written.
    pub rejects_file: Option<PathBuf>,
    /// Files with earlier rejects of the run, which somebody changed before it was finished.
    pub earlier_rejects: Vec<PathBuf>,
    /// How long it took.
    pub elapsed: Duration,
    /// Bytes that an earlier part of the run had read.
    pub continued_from: u64,
    /// Records that an earlier part of the run had settled.
    pub continued_records: u64,
    /// Inputs that were read to their end.
    inputs_ended: usize,
    /// Counts by step.
    pub(super) steps: AccountBySteps,
}

impl Ledger {
    /// An empty account of what sends records: an import, also where it is read again from its journal.
    pub fn of_sending(inputs: &[Input]) -> Self {
        Self { sending: true, ..Self::of_looking(inputs) }
    }

    /// An empty account of what sends nothing: a first pass, a dry run, a rehearsal, a verification.
    pub fn of_looking(inputs: &[Input]) -> Self {
        let inputs = inputs
            .iter()
            .map(|input| InputProgress {
                input: input.name().to_string(),
                bytes: input.size(),
                consumed: 0,
                skipped_rows: SkippedRows::default(),
                records: 0,
            })
            .collect();
        Self {
            sending: false,
            shard: None,
            read: 0,
            valid: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: BTreeMap::new(),
            rejects_of_others: BTreeMap::new(),
            notices: BTreeMap::new(),
            sharing: Vec::new(),
            password_resets: 0,
            not_asked: 0,
            requests: 0,
            retries: 0,
            throttled: 0,
            pace: None,
            inputs,
            previews: Vec::new(),
            forecast_counts: ForecastCounts::default(),
            at_target: None,
            stopped: None,
            rejects_file: None,
            earlier_rejects: Vec::new(),
            elapsed: Duration::ZERO,
            continued_from: 0,
            continued_records: 0,
            inputs_ended: 0,
            steps: AccountBySteps::default(),
        }
    }

    /// This account and that of another shard, finished as well, as one.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.read += other.read;
        self.valid += other.valid;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        for (code, mut of_other) in other.rejected {
            let entry = self.rejected.entry(code).or_default();
            entry.count += of_other.count;
            entry.first.append(&mut of_other.first);
            entry.first.sort_unstable();
            entry.first.truncate(FIRST_POSITIONS);
        }
        for (notice, count) in other.notices {
            *self.notices.entry(notice).or_default() += count;
        }
        self.share_with(other.sharing);
        self.password_resets += other.password_resets;
        self.not_asked += other.not_asked;
        self.requests += other.requests;
        self.retries += other.retries;
        self.throttled += other.throttled;
        // They went side by side.
        self.elapsed = self.elapsed.max(other.elapsed);
        self
    }

    /// The account of one shard.
    #[must_use]
    pub fn of_shard(self, shard: Option<Shard>) -> Self {
        Self { shard, ..self }
    }

    /// The account of inputs with records of these kinds.
    #[must_use]
    pub fn of_kinds(mut self, kinds: &[Kind]) -> Self {
        self.steps = AccountBySteps::of(kinds);
        self
    }

    /// Records by step and by what became of them; nothing if there is but one step.
    pub fn steps(&self) -> Vec<(Kind, Counts)> {
        self.steps.counts(self.sending)
    }

    /// Where the rejects files of the run are, for its account; the last one is the newest.
    pub fn set_rejects_files(&mut self, mut files: Vec<PathBuf>) {
        self.rejects_file = files.pop();
        self.earlier_rejects = files;
    }

    /// All files with rejects, in their order.
    pub fn rejects_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.earlier_rejects.iter().chain(&self.rejects_file)
    }

    /// Records that were skipped because other shards take them.
    pub fn left_to_others(&self) -> u64 {
        let Some(shard) = self.shard else { return 0 };
        self.inputs.iter().map(|input| shard.left_to_others(input.records)).sum()
    }

    /// Records by what became of them.
    pub fn counts(&self) -> Counts {
        let rejected = self.rejected();
        let settled = if self.sending { self.created + self.updated + self.unchanged } else { self.valid };
        Counts {
            read: self.read,
            valid: (!self.sending).then_some(self.valid),
            created: self.created,
            updated: self.updated,
            unchanged: self.unchanged,
            rejected,
            unfinished: self.read.saturating_sub(settled + rejected),
        }
    }

    /// Whether every input was read to its end and every record is settled.
    pub fn is_complete(&self) -> bool {
        self.is_complete_up_to(self.inputs.len())
    }

    /// Whether the first `inputs` of them were read to their end and are settled, if no other ones were read yet.
    pub fn is_complete_up_to(&self, inputs: usize) -> bool {
        self.stopped.is_none() && self.inputs_ended == inputs && self.counts().unfinished == 0
    }

    /// Why the run ended early, and what was done with an input that ended early.
    pub fn reason(&self) -> Option<String> {
        let stopped = self.stopped.as_ref()?;
        let purpose = if self.sending { Purpose::Import } else { Purpose::DryRun };
        Some(stopped.and_what_was_done(purpose))
    }

    /// Rejected records.
    pub fn rejected(&self) -> u64 {
        self.rejected.values().map(|code| code.count).sum()
    }

    /// Of the rejected records those that the target refused.
    pub fn rejected_by_target(&self) -> u64 {
        self.rejected.iter().filter(|(code, _)| code.is_of_target()).map(|(_, code)| code.count).sum()
    }

    /// Records of all inputs, as far as they were read, those of other shards, too.
    pub fn records(&self) -> u64 {
        self.inputs.iter().map(|input| input.records).sum()
    }

    /// Inputs that were read to their end, and in which there is no record.
    pub fn without_records(&self) -> Vec<&str> {
        let is_known = matches!(self.stopped, None | Some(StopReason::TooFewRecords { .. }))
            && (self.read == 0 || self.inputs_ended == self.inputs.len());
        let empty = self.inputs.iter().filter(|input| is_known && input.records == 0);
        empty.map(|input| input.input.as_str()).collect()
    }

    /// Rejected records by code.
    pub fn rejected_by_code(&self) -> &BTreeMap<RejectCode, CodeCount> {
        &self.rejected
    }

    /// Users by notice, of one kind.
    pub fn notices(&self, kind: NoticeKind) -> BTreeMap<Notice, u64> {
        self.notices
            .iter()
            .filter(|(notice, _)| notice.kind() == kind)
            .map(|(notice, count)| (*notice, *count))
            .collect()
    }

    /// Whether this was a dry run.
    pub fn is_dry_run(&self) -> bool {
        !self.sending
    }

    /// Bytes read, over all inputs.
    pub fn bytes_read(&self) -> u64 {
        self.inputs.iter().map(|input| input.consumed).sum()
    }

    /// Bytes to read, over all inputs, if known of all.
    pub fn bytes_total(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.bytes).sum()
    }
}
