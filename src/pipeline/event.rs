//! What the stages tell the committer.

use tokio::sync::oneshot;

use super::read::InputEnd;
use crate::avnology::TargetError;
use crate::journal::{Entry, Known, Mark, Outcome, Reject, Settled};
use crate::mapping::{EarlierRecord, Notices, RejectCode};
use crate::signal::Signal;
use crate::source::{Position, SourceError};

/// A message to the committer.
#[derive(Debug)]
pub(super) enum Event {
    /// A chunk of records was mapped.
    Mapped(MappedChunkCounts),
    /// An input was read to its end.
    Read(InputEnd),
    /// A batch is about to be sent, as the entry says; `ready` is told once that is durable.
    Planned { entry: Entry, ready: oneshot::Sender<()> },
    /// Records come to their end. All that one answer settles comes at once, but for many or large rejects.
    Settled {
        /// Created or there already.
        records: Vec<Settled>,
        /// Rejected.
        rejects: Vec<Reject>,
        /// Of those there: who is now known to be as the export has them.
        known: Vec<Known>,
        /// Dropped once that is booked.
        booked: oneshot::Sender<()>,
    },
    /// What was found about records that were taken for valid.
    Late {
        /// They are duplicates.
        rejects: Vec<LateReject>,
        /// They share an address or a number.
        shared: Vec<LateShared>,
    },
    /// A request was sent and came to an end.
    Requested {
        /// It was a further attempt.
        again: bool,
        /// It was refused for going too fast.
        throttled: bool,
    },
    /// The run cannot go on.
    Stopped(StopReason),
}

impl Event {
    /// Whether it has to be durable before anything follows from it: a batch may not be sent before its plan is, and what
    /// the target did for us must not be forgotten. Whatever else is lost in a crash comes about again.
    pub(super) fn must_be_durable(&self) -> bool {
        match self {
            Self::Planned { .. } => true,
            Self::Settled { records, .. } => {
                records.iter().any(|record| !matches!(record.outcome, Outcome::Unchanged | Outcome::Rejected { .. }))
            }
            Self::Mapped(_) | Self::Read(_) | Self::Late { .. } | Self::Requested { .. } | Self::Stopped(_) => false,
        }
    }
}

/// What the mapping of a chunk adds to the counts.
#[derive(Debug)]
pub(super) struct MappedChunkCounts {
    /// Where the chunk's first record starts.
    pub start: Mark,
    /// The number of its last record.
    pub last: u64,
    /// Records in the chunk that were not settled by an earlier part of the run.
    pub open: u64,
    /// Records that map and validate.
    pub valid: u64,
    /// Valid ones that are known to be at the target as they are, so that nothing is sent.
    pub not_asked: u64,
    /// Bytes of the input that are behind us now.
    pub consumed: u64,
    /// The notices about the valid ones, for a dry run.
    pub notices: Vec<Notices>,
    /// Records of other shards that were looked at and do not map.
    pub rejects_of_others: u64,
    /// The first canonical identities, as JSON.
    pub previews: Vec<String>,
}

/// A duplicate for the account of a dry run.
#[derive(Debug)]
pub(super) struct LateReject {
    pub code: RejectCode,
    pub position: Position,
    pub same_as: EarlierRecord,
    /// What was said of the record when it was taken for a valid one.
    pub notices: Notices,
}

/// A record that has an address or a number that another one has, too, for the account of a dry run.
#[derive(Debug)]
pub(super) struct LateShared {
    pub position: Position,
    pub same_as: EarlierRecord,
}

/// Why a run ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// A signal.
    #[error("interrupted by {0}")]
    Interrupted(Signal),
    /// The input cannot be read any further.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The target refuses us or cannot be reached.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// More rejects than `--max-errors` allows.
    #[error("more than {limit} records were rejected (--max-errors)")]
    TooManyErrors {
        /// The limit.
        limit: u64,
    },
    /// More rejects are known to come than `--max-errors` allows.
    #[error(
        "{rejects} records cannot be imported, more than the {limit} of --max-errors, so nothing is sent; mend them, or \
         allow more"
    )]
    TooManyPredicted {
        /// How many there are.
        rejects: u64,
        /// The limit.
        limit: u64,
    },
    /// Rejects are known to come, and `--strict` allows none.
    #[error(
        "{rejects} records cannot be imported (--strict), so nothing is sent; mend them, or import the others without \
         --strict"
    )]
    Strict {
        /// How many there are.
        rejects: u64,
    },
    /// Fewer records than `--min-records` asks for.
    #[error("the input has {found} records, fewer than the {least} of --min-records; look whether the export is whole")]
    TooFewRecords {
        /// How many there are.
        found: u64,
        /// How many there should be.
        least: u64,
    },
    /// The run's directory cannot be written.
    #[error("cannot write `{path}`: {source}; make room or make it writable, then run the same command again")]
    Journal {
        /// The file.
        path: String,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Temporary files cannot be used.
    #[error("cannot use temporary files: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[source] std::io::Error),
    /// A bug.
    #[error("internal error: {0}")]
    Internal(String),
}
