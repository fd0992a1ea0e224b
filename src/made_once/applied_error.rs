//! Why objects cannot be made, or not be remembered.

use std::io;
use std::path::PathBuf;

use crate::journal::LockError;

/// Why objects cannot be made, or not be remembered.
#[derive(Debug, thiserror::Error)]
pub enum AppliedError {
    /// Another command works on them.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is remembered cannot be read or written.
    #[error("cannot use `{}`: {source}; nothing is lost, run the same command again when that is mended", path.display())]
    Memory {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file that is remembered was changed by somebody.
    #[error("`{}` is damaged: {problem}; restore it from a backup, or move it away if that object is not at the target", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The file of secrets is there, and no unfinished work of this program began it.
    #[error("--secrets-out: `{}` is there already and is never overwritten; name a file that does not exist", path.display())]
    SecretsThere {
        /// The file.
        path: PathBuf,
    },
    /// Unfinished work writes to another file.
    #[error("--secrets-out: the work that was broken off writes its secrets to `{}`; name that file, or leave the option out", path.display())]
    OtherSecrets {
        /// The file.
        path: PathBuf,
    },
    /// The file of secrets cannot be written.
    #[error("--secrets-out: cannot write `{}`: {source}; run the same command again when that is mended", path.display())]
    Secrets {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}
