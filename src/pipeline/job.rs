//! What the pipeline is to do.

use std::ops::Range;
use std::sync::Arc;

use super::shard_blocks::ShardBlocks;
use super::unchanged::LookForUnchanged;
use crate::delivery::DeliveryTerms;
use crate::id_map::IdLookup;
use crate::index::{DuplicateFinder, Duplicates};
use crate::journal::{ConfirmedLookup, ConfirmedUsers, Journal, Progress};
use crate::kind::Kind;
use crate::mapping::RecordMapper;
use crate::outcomes::{Ledger, StopReason};
use crate::recognition::UnchangedRecords;
use crate::selection::RecordsOfRun;
use crate::source::{Input, ReaderLimits, Watch};

/// What is read and how it is mapped: the front half of every job.
#[derive(Clone, Debug)]
pub struct Intake {
    /// All inputs of the run, in order. A record is known by the index of its input.
    pub inputs: Vec<Input>,
    /// Which of them are read. In a run of several steps those before are settled already, and those behind come later.
    pub inputs_of_step: Range<usize>,
    /// Which records of theirs are ours.
    pub records: RecordsOfRun,
    /// Bounds of what the reader buffers.
    pub reader_limits: ReaderLimits,
    /// How records become what is sent, for each input; it says of which kind they are.
    pub mapper_of_input: Vec<Arc<dyn RecordMapper>>,
    /// Bytes of the destination's largest request: what is larger is rejected, in a dry run, too.
    pub largest_request: usize,
    /// How the bytes of the inputs are looked after.
    pub watch: Watch,
    /// What is done about the blocks of shards.
    pub shard_blocks: ShardBlocks,
    /// How many mappers are to be busy at once.
    pub workers: usize,
}

impl Intake {
    /// Of which kind the records of each input are.
    pub fn kinds(&self) -> Vec<Kind> {
        self.mapper_of_input.iter().map(|mapper| mapper.kind()).collect()
    }

    /// All users of these inputs, by the usual rules.
    #[cfg(test)]
    pub(super) fn of_users(inputs: Vec<Input>) -> Self {
        use crate::mapping::{Rules, UserMapper};
        let mapper: Arc<dyn RecordMapper> =
            Arc::new(UserMapper::new(Rules::default(), Arc::new(crate::avnology::AvnologyForm)));
        Self {
            inputs_of_step: 0..inputs.len(),
            records: RecordsOfRun::All,
            reader_limits: ReaderLimits::default(),
            mapper_of_input: inputs.iter().map(|_| Arc::clone(&mapper)).collect(),
            largest_request: 4 * 1024 * 1024,
            watch: Watch::Nothing,
            shard_blocks: ShardBlocks::Unknown,
            workers: 2,
            inputs,
        }
    }

    /// The same, where this is done about the blocks of shards.
    #[must_use]
    pub fn with_shard_blocks(self, shard_blocks: ShardBlocks) -> Self {
        Self { shard_blocks, ..self }
    }

    /// The same, of which only these inputs are read.
    #[must_use]
    pub fn of_inputs(self, inputs_of_step: Range<usize>) -> Self {
        Self { inputs_of_step, ..self }
    }
}

/// What to do.
pub struct Job {
    /// What is read and how it is mapped.
    pub intake: Intake,
    /// What is done with what was mapped.
    pub mode: Mode,
}

/// What is done with what was mapped.
pub enum Mode {
    /// It is reported: what an import would do. Nothing is sent and nothing is kept.
    DryRun(DryRun),
    /// The first pass of an import: its keys are collected, those of records that are not ours, too, so that users are found who are in
    /// the input twice.
    ///
    /// If it is known what the target confirmed, those records are noted that it has exactly like that.
    FirstPass(Arc<DuplicateFinder>, Option<LookForUnchanged>),
    /// It is rejected, if it has to be, and nothing is sent: the import is withheld for this reason. The rejects are what has to be
    /// mended.
    Withheld(Box<ImportRun>, StopReason),
    /// It is sent.
    Import(Box<ImportRun>, Box<Sending>),
}

/// How a dry run runs.
pub struct DryRun {
    /// How many of the first canonical identities to keep for display.
    pub preview: usize,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
}

/// The run of an import: what was known before, and where it is kept what becomes of each record.
pub struct ImportRun {
    /// Where it is kept what became of each record.
    pub journal: Journal,
    /// How far an earlier part of the run came.
    pub progress: Progress,
    /// What became of the records of that earlier part.
    pub ledger: Ledger,
    /// Users who are in the input twice, unless it can be read only once.
    pub duplicates: Option<Arc<Duplicates>>,
}

/// How an import sends.
pub struct Sending {
    /// Where identities go.
    pub delivery: DeliveryTerms,
    /// What the target confirmed in earlier runs, if that can be used.
    pub confirmed: Option<ConfirmedBefore>,
    /// Which records are unchanged, if the first pass looked for them.
    pub unchanged_records: Option<Arc<UnchangedRecords>>,
    /// Whom the target had before this part of the run, and under which external ids, if that is known.
    pub ids: Option<Arc<IdLookup>>,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
    /// Rejects that are known to come, which count for that from the beginning.
    pub predicted_rejects: u64,
}

/// What a target confirmed in earlier runs.
pub struct ConfirmedBefore {
    /// All of it, to be kept up to date.
    pub users: ConfirmedUsers,
    /// For users who are not to be asked about again.
    pub lookup: Option<Arc<ConfirmedLookup>>,
}

/// What came of a job.
pub struct Ran {
    /// The account.
    pub ledger: Ledger,
    /// The journal, unless there is none or it failed: that the account was given is for the caller to say in it.
    pub journal: Option<Journal>,
    /// What the target confirmed, unless it is not kept.
    pub confirmed: Option<ConfirmedUsers>,
}
