//! Why a switch cannot be shown, checked or recorded.

use std::io;
use std::path::PathBuf;

use crate::cutover::StateError;
use crate::exit::ExitStatus;
use crate::journal::LockError;
use crate::report::{PageError, StdoutError};

/// Why a switch cannot be shown, checked or recorded.
#[derive(Debug, thiserror::Error)]
pub enum CutoverCommandError {
    /// Its file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The directory of runs cannot be read.
    #[error("cannot read the runs in `{path}`")]
    Runs {
        /// The directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file that shows something cannot be read.
    #[error("cannot read `{path}`, which --evidence names; nothing was recorded")]
    Evidence {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is nothing to take back.
    #[error("nothing is recorded under `{name}`; nothing was changed")]
    NothingToWithdraw {
        /// What was named.
        name: &'static str,
    },
    /// The page cannot be made.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A report cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

impl CutoverCommandError {
    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::State(StateError::Lock(LockError::Held { .. })) => ExitStatus::Locked,
            _ => ExitStatus::Usage,
        }
    }
}
