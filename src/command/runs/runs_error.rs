//! Why runs cannot be listed, shown or pruned.

use std::io;
use std::path::{Path, PathBuf};

use crate::report::StdoutError;

/// Why runs cannot be listed, shown or pruned.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// A file or a directory cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Something cannot be removed. What was removed before stays removed.
    #[error("cannot remove `{path}`: {source}; the same command goes on")]
    Remove {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The ids that a run learned cannot be kept, and its journal is the only place where they are.
    #[error(
        "the ids that the runs into {target} learned cannot be kept, so nothing of these runs is removed: {source}"
    )]
    Ids {
        /// The target.
        target: String,
        /// The reason.
        source: io::Error,
    },
    /// The list cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

impl RunsError {
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        |source| Self::Read { path: path.to_path_buf(), source }
    }

    pub(super) fn remove(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        |source| Self::Remove { path: path.to_path_buf(), source }
    }
}
