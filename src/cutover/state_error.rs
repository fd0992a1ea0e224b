//! Why the file of a switch cannot be used.

use std::io;
use std::path::PathBuf;

use crate::journal::LockError;

/// Why the file of a switch cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read.
    #[error("`{path}` cannot be read: {problem}; put it back from a copy, or begin a new one with --state")]
    Read {
        /// The path.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// It cannot be written.
    #[error("`{path}` cannot be written; what it held before is still there")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Another process writes it.
    #[error(transparent)]
    Lock(#[from] LockError),
}
