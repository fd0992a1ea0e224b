//! Why a file may not, or cannot, be written where the user said.

use std::path::PathBuf;

/// Why a file may not, or cannot, be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It would be overwritten.
    #[error("{option} `{}` is {what}, which would be overwritten; name another file", path.display())]
    Overwrites {
        /// The option that names it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What it is beside that.
        what: String,
    },
    /// It should be a page, and there is none of this command.
    #[error(
        "--report `{}`: there is a page of an import and of a dry run only; name a file that ends in .json, for the same facts",
        path.display()
    )]
    NoPage {
        /// The path.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("{option} `{}` cannot be written: {source}", path.display())]
    Unwritable {
        /// The option that names it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
}
