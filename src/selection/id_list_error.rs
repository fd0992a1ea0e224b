//! Why a list of users cannot be used.

use std::io;

/// Why a list of users cannot be used. It never repeats what is in the list.
#[derive(Debug, thiserror::Error)]
pub enum IdListError {
    /// It cannot be read.
    #[error("cannot read the list `{path}` of --only")]
    Read {
        /// The file.
        path: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A line is of no use.
    #[error("line {line} of the list `{path}` of --only {problem}")]
    Line {
        /// The file.
        path: String,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Nobody is in it.
    #[error("{list} names nobody: --only takes ids and addresses with commas between them, or a file with one a line")]
    Empty {
        /// Which list.
        list: String,
    },
    /// The temporary directory failed.
    #[error("the list of --only cannot be put on disk, in {}", std::env::temp_dir().display())]
    Temporary(#[from] io::Error),
}
