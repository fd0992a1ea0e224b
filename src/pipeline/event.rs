//! What the stages tell the committer.

use crate::avnology::TargetError;
use crate::journal::Reject;
use crate::mapping::Notice;
use crate::signal::Signal;
use crate::source::SourceError;

/// A message to the committer.
#[derive(Debug)]
pub(super) enum Event {
    /// A chunk of records was mapped.
    Mapped(MappedChunkCounts),
    /// A record ends as a reject.
    Rejected(Box<Reject>),
    /// Records of a batch end well.
    Settled {
        /// New at the target.
        created: u64,
        /// There already.
        unchanged: u64,
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

/// What the mapping of a chunk adds to the counts.
#[derive(Debug, Default)]
pub(super) struct MappedChunkCounts {
    /// Records in the chunk, whatever became of them.
    pub records: u64,
    /// Records that map and validate.
    pub valid: u64,
    /// Index of the input among all inputs.
    pub input: usize,
    /// Bytes of that input that are behind us now.
    pub consumed: u64,
    /// Users by notice.
    pub notices: Vec<(Notice, u64)>,
    /// Users who have to set a new password.
    pub password_resets: u64,
    /// The first canonical identities, as JSON.
    pub previews: Vec<String>,
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
    /// The rejects file cannot be written.
    #[error(
        "cannot write `{path}`: {source}; free some space or choose another --runs-dir, then run the same command again"
    )]
    Rejects {
        /// The file.
        path: String,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A bug.
    #[error("internal error: {0}")]
    Internal(String),
}
