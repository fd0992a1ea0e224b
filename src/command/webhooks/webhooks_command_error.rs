//! Why nothing can be done about webhooks.

use std::io;
use std::path::{Path, PathBuf};

use crate::exit::ExitStatus;
use crate::journal::LockError;
use crate::made_once::AppliedError;
use crate::signal::Signal;
use crate::toml_document::{TextFault, list_faults};
use crate::webhooks::PlanMismatch;

/// Why nothing can be done about webhooks.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksCommandError {
    /// The endpoints file is wrong.
    #[error("the endpoints file is wrong:{}", list_faults(path, faults))]
    Endpoints {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        faults: Vec<TextFault>,
    },
    /// A file is not what it should be.
    #[error("`{}` cannot be used: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Something else is in the place of the plan.
    #[error("`{}` is there already, and {problem}; name another file with --out", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The plan is of another file.
    #[error(transparent)]
    Mismatch(#[from] PlanMismatch),
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// What was registered cannot be remembered, or a secret not written.
    #[error(transparent)]
    Applied(#[from] AppliedError),
    /// Secrets have to go somewhere.
    #[error("name a new file for the secrets with --secrets-out: the target shows each of them only once")]
    NoSecretsFile,
    /// Nobody said yes.
    #[error("not confirmed; nothing was deleted (--yes says so without a terminal)")]
    NoConsent,
    /// A signal came.
    #[error("interrupted by {0}; the same command goes on where it was left")]
    Interrupted(Signal),
    /// The handler was not reached.
    #[error("the handler at {origin} cannot be reached: {problem}")]
    Handler {
        /// Its scheme, host and port.
        origin: String,
        /// What went wrong.
        problem: String,
    },
    /// The body cannot be read.
    #[error("the body of the delivery cannot be read from standard input: {0}")]
    Body(io::Error),
}

impl WebhooksCommandError {
    /// A file that cannot be read.
    pub(in crate::command) fn unreadable_file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.to_path_buf(), problem: error.to_string() }
    }

    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Interrupted(signal) => ExitStatus::of_signal(*signal),
            Self::Applied(AppliedError::Lock(LockError::Held { .. })) => ExitStatus::Locked,
            Self::Handler { .. } => ExitStatus::Unreachable,
            Self::Body(_) => ExitStatus::Input,
            _ => ExitStatus::Usage,
        }
    }
}
