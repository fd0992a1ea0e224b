//! Why a run is not undone.

use std::io;

use crate::human::plural;
use crate::journal::{JournalError, LockError, LogError};
use crate::rule_files::RuleFileError;
use crate::signal::Signal;

/// Why a run is not undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The run, or another one into its target, is under way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its journal cannot be used.
    #[error("{0}{advice}", advice = advice(.0))]
    Journal(#[from] JournalError),
    /// Files and directories.
    #[error("cannot use the run's directory: {0}")]
    Io(#[from] io::Error),
    /// Another run cannot be read, so it is not known whom a later run left disabled.
    #[error(
        "{problem}; whom that run disabled or enabled again is not known, so the users whom this run disabled stay so; if it is lost for good, move \
         `{directory}` away; then undo the run again"
    )]
    LostRun {
        /// The directory of the other run.
        directory: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The copy of its mapping file cannot be used.
    #[error(transparent)]
    Rules(#[from] RuleFileError),
    /// A signal came while identities were deleted.
    #[error("interrupted by {signal}; the same command goes on where it was left: `avnology migrate clerk undo {run}`")]
    Interrupted {
        /// The signal.
        signal: Signal,
        /// The run.
        run: String,
    },
    /// Nothing of it is at the target, and nobody has begun to undo it.
    #[error("{0}")]
    NothingThere(NothingThere),
    /// Nobody said yes.
    #[error("not confirmed; nothing was deleted (--yes says so without a terminal)")]
    NoConsent,
}

/// What of a run is not at a target.
#[derive(Debug, thiserror::Error)]
#[error(
    "of {what}, none that was looked up is at {target}, so nothing was changed: is it another tenant, by its address or by the key? If \
     they were deleted in another way, add `--even-if-gone`"
)]
pub struct NothingThere {
    /// The target.
    target: String,
    /// How many of what, and what the run did about them.
    what: String,
}

impl NothingThere {
    /// So many of these, about which the run did something.
    pub(super) fn new(target: &str, count: u64, noun: &str, done: &str) -> Self {
        Self { target: target.to_owned(), what: format!("{} {done}", plural(count, noun)) }
    }
}

/// What else to do without a journal that can be used.
fn advice(error: &JournalError) -> &'static str {
    match error {
        JournalError::Log { source: LogError::Short { .. }, .. } => {
            ", or remove `report.json` beside it and resume the run, which finds its users again by their marks, before you \
             undo it; nothing was deleted"
        }
        JournalError::Log { source: LogError::Empty, .. } => {
            ", or put the export back and resume the run, which finds its users again by their marks, before you undo it; nothing \
             was deleted"
        }
        error if error.is_lost() => {
            "; nothing was deleted. Without it, what the run created is known at the target by its mark: \
             `admin_metadata.avnology_migrate.run` is the run's id"
        }
        _ => "; nothing was deleted",
    }
}
