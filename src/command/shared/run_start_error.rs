//! Why a run cannot begin.

use std::io;
use std::path::PathBuf;

use crate::journal::{JournalError, LockError, LogError};
use crate::source::SourceError;

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum RunStartError {
    /// Another run is under way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal of the earlier part cannot be used.
    #[error("{0}{advice}", advice = advice(.0))]
    Journal(#[from] JournalError),
    /// Files and directories.
    #[error("cannot use `{path}`")]
    Io {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file of the run to go on with cannot be used.
    #[error("{0}")]
    RunFile(io::Error),
    /// An input cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An input of the run that was to go on cannot be opened.
    #[error(
        "run {run} cannot go on without its input; if it is somewhere else now, say where: `avnology migrate clerk resume {run} \
         --import PATH`; or put it back, or import another export with --new-run (users that are at the target already are left \
         as they are); `avnology migrate clerk undo {run}` deletes what run {run} created, and needs \
         no file"
    )]
    Gone {
        /// The run.
        run: String,
        /// Why.
        source: SourceError,
    },
    /// The input is not what the open run was about.
    #[error(
        "`{input}` has changed since run {run} was interrupted, so nobody knows which of its records are settled already; \
         put the old file back, or begin again with --new-run (users that are at the target already are left as they are); \
         `avnology migrate clerk undo {run}` deletes what run {run} created, and needs no file"
    )]
    Changed {
        /// The input.
        input: String,
        /// The run.
        run: String,
    },
    /// What is said to be the input of the run is another one.
    #[error(
        "`{input}` is not the input that run {run} was begun with: its bytes are others. A copy has the same bytes; one that was \
         unpacked, compressed or written anew has not. Name a copy of the old file"
    )]
    OtherContent {
        /// The input.
        input: String,
        /// The run.
        run: String,
    },
    /// In the rejects of a run almost everybody is missing.
    #[error(
        "--on-missing needs the whole export, and an input has the rejects of run {run}: leave it out here, and import the whole export \
         with it"
    )]
    MissingOfRejects {
        /// The run.
        run: String,
    },
    /// An export says that users are not in it.
    #[error("--on-missing needs all users, and `{input}` {why}: leave it out here, or import a whole export with it")]
    MissingOfSome {
        /// The file.
        input: String,
        /// Why users are not in it.
        why: String,
    },
    /// The open run maps by other rules.
    #[error(
        "the mapping file or the traits schema is not the one that run {run} was begun with, so some users would be mapped by \
         other rules than the rest; go on by the rules it was begun with (`avnology migrate clerk resume {run}`, which has a \
         copy of them), or begin again with --new-run (users that are at the target already are left as they are, unless \
         --on-existing says otherwise)"
    )]
    OtherRules {
        /// The run.
        run: String,
    },
}

/// What else to do about a journal that is of no use.
fn advice(error: &JournalError) -> &'static str {
    match error {
        JournalError::Log { source: LogError::Newer, .. } => {
            ", or begin a new run with --new-run, which sends nobody twice"
        }
        error if error.is_lost() => {
            ", or begin a new run with --new-run, which sends nobody twice; the users whom the run created have its id in their \
             `admin_metadata.avnology_migrate`"
        }
        _ => "",
    }
}
