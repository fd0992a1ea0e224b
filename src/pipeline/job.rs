//! What the pipeline is to do.

use std::sync::Arc;

use super::DuplicateCheck;
use crate::account::Ledger;
use crate::delivery::Delivery;
use crate::id_map::IdLookup;
use crate::journal::{ConfirmedLookup, ConfirmedUsers, Journal, Progress};
use crate::mapping::RecordMapper;
use crate::source::{Input, ReaderLimits, Shard, Watch};

/// What is read and how it is mapped: the front half of every job.
#[derive(Clone, Debug)]
pub struct Intake {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Which records of theirs are ours; all of them without one.
    pub shard: Option<Shard>,
    /// Bounds of what the reader buffers.
    pub reader: ReaderLimits,
    /// How records become what is sent; it says of which kind they are.
    pub mapper: Arc<dyn RecordMapper>,
    /// Bytes of the destination's largest request: what is larger is rejected, in a dry run, too.
    pub largest_request: usize,
    /// How the bytes of the inputs are looked after.
    pub watch: Watch,
    /// How many mapper workers.
    pub workers: usize,
}

/// What to do.
pub struct Job {
    /// What is read and how it is mapped.
    pub intake: Intake,
    /// How many of the first canonical identities to keep for display.
    pub preview: usize,
    /// Where identities go; `None` for a dry run.
    pub delivery: Option<Delivery>,
    /// Where it is kept what became of each record; `None` for a dry run.
    pub journal: Option<Journal>,
    /// What is done about users who are in the input twice.
    pub duplicates: DuplicateCheck,
    /// What is known to be at the target, to be kept up to date; `None` for a dry run.
    pub confirmed: Option<ConfirmedUsers>,
    /// What was confirmed before this run, for users who are not to be asked about again.
    pub lookup: Option<ConfirmedLookup>,
    /// Whom the target had before this part of the run; `None` for a dry run.
    pub ids: Option<IdLookup>,
    /// How far an earlier part of the run came.
    pub progress: Progress,
    /// What became of the records of that earlier part; and if nothing is to be sent, why.
    pub ledger: Ledger,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
    /// Rejects that are known to come, which count for that from the beginning.
    pub predicted: u64,
}

impl Job {
    /// A job that sends nothing and keeps nothing.
    pub fn dry_run(intake: Intake, preview: usize, max_errors: Option<u64>) -> Self {
        let progress = Progress::new(intake.inputs.len());
        let ledger = Ledger::new(&intake.inputs, false).of_shard(intake.shard);
        let duplicates = DuplicateCheck::Off;
        Self {
            intake,
            preview,
            delivery: None,
            journal: None,
            duplicates,
            confirmed: None,
            lookup: None,
            ids: None,
            progress,
            ledger,
            max_errors,
            predicted: 0,
        }
    }
}
