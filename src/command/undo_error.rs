//! Why a run is not undone.

use std::io;

use crate::journal::{JournalError, LockError};
use crate::signal::Signal;

/// Why a run is not undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The run, or another one into its target, is under way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files and directories.
    #[error("cannot use the run's directory: {0}")]
    Io(#[from] io::Error),
    /// A signal came while identities were deleted.
    #[error("interrupted by {signal}; the same command goes on where it was left: `avnology migrate clerk undo {run}`")]
    Interrupted {
        /// The signal.
        signal: Signal,
        /// The run.
        run: String,
    },
    /// Nobody said yes.
    #[error("not confirmed; nothing was deleted (--yes says so without a terminal)")]
    NotConfirmed,
}
