//! Why an export from Clerk's API ended before it was finished.

use std::io;
use std::path::PathBuf;

use crate::clerk_api::ClerkError;
use crate::exit::ExitStatus;
use crate::export::ExportError;
use crate::journal::LockError;
use crate::report::StdoutError;
use crate::signal::Signal;

/// Why an export ended before it was finished.
#[derive(Debug, thiserror::Error)]
pub enum ExportCommandError {
    /// The export fails.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Another process exports into the same directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The results cannot be written to standard output.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The report cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// None of the steps has a record.
    #[error("Clerk has no records for the steps of --steps: there is nothing to import")]
    NothingThere,
    /// A signal.
    #[error("interrupted by {0}; the same command goes on with the export")]
    Interrupted(Signal),
}

impl ExportCommandError {
    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Export(ExportError::Clerk(ClerkError::Refused { .. })) => ExitStatus::Refused,
            Self::Export(ExportError::Clerk(ClerkError::Unreachable { .. } | ClerkError::AsksToWait { .. })) => {
                ExitStatus::Unreachable
            }
            Self::Export(ExportError::OtherFile { .. }) => ExitStatus::Input,
            Self::Lock(LockError::Held { .. }) => ExitStatus::Locked,
            Self::Interrupted(signal) => ExitStatus::of_signal(*signal),
            Self::Export(_) | Self::Lock(_) | Self::Stdout(_) | Self::Write { .. } | Self::NothingThere => {
                ExitStatus::Usage
            }
        }
    }
}
