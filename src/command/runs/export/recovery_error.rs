//! Why no recovery links are made, or no more.

use std::io;
use std::path::PathBuf;

use crate::results::ResultsError;

/// Why no recovery links are made, or no more.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The users of the run cannot be listed.
    #[error(transparent)]
    List(#[from] ResultsError),
    /// The file cannot be written.
    #[error("cannot write `{path}`: {source}; the same command goes on where it broke off")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "`{path}` is not the file that this command was writing: its line {line} is about somebody else; name another file with --out"
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// The first line that does not fit.
        line: u64,
    },
    /// Another process writes it.
    #[error("another process is writing `{path}`; wait for it to end")]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// Anybody can read the file.
    #[error(
        "others can read `{path}`, and the links open accounts: `chmod 600 {path}`, or name another file with --out"
    )]
    Readable {
        /// The file.
        path: PathBuf,
    },
}
