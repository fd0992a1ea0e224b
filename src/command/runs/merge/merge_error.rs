//! Why shards cannot be put together.

use std::io;
use std::path::{Path, PathBuf};

use crate::command::shared::command_error::CommandError;
use crate::exit::ExitStatus;
use crate::journal::{JournalError, LockError};
use crate::source::Shard;

/// Why shards cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Files and directories.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is no such run.
    #[error("there is no run `{0}`; `avnology migrate clerk runs` lists them, and a run's directory can be given, too")]
    NoRun(String),
    /// There is no run of a shard at all.
    #[error("in `{0}` there is no run of a shard")]
    NoShards(PathBuf),
    /// Somebody wants to put a whole with something.
    #[error("run {0} is not one of a shard")]
    NotAShard(String),
    /// Somebody wants to put together what is the result of that.
    #[error("`{run}` is no run but the account of {}, put together; name one of these to do it again", shards.join(" and "))]
    Merged {
        /// What was named.
        run: String,
        /// The runs that it is the account of.
        shards: Vec<String>,
    },
    /// The runs are not about the same.
    #[error("runs {one} and {other} are not shards of one import: they differ in {what}")]
    Different {
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// The names of what differs.
        what: String,
    },
    /// The runs know their inputs by sums of two kinds, and the inputs as they are now do not tell.
    #[error(
        "runs {one} and {other} went through their inputs with two versions of this program, which know them by different sums, \
         and `{input}` is not (any more) what both read; put it back as it was, or import all shards once more with --new-run, \
         which sends nobody twice, and merge again"
    )]
    OtherSum {
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// The first input of which that holds.
        input: String,
    },
    /// Two runs are of one shard, so its records would count twice.
    #[error("runs {one} and {other} are both of shard {shard}")]
    Twice {
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// The shard.
        shard: Shard,
    },
    /// Not all are there and done.
    #[error("the import is not finished:{0}")]
    Unfinished(String),
    /// A journal cannot be used.
    #[error("{0}, or import this shard once more with --new-run, which sends nobody twice, and merge again")]
    Journal(#[from] JournalError),
    /// Somebody else is at it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is there is not what was counted.
    #[error("{what} of run {run} does not add up: {problem}")]
    Inconsistent {
        /// The run.
        run: String,
        /// Which of its files.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The account cannot be written.
    #[error(transparent)]
    Report(#[from] CommandError),
}

impl MergeError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        |source| Self::Io { path: path.to_path_buf(), source }
    }

    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Lock(LockError::Held { .. }) => ExitStatus::Locked,
            _ => ExitStatus::Usage,
        }
    }
}
