//! A line of a run's `disabled.ndjson` or `removed.ndjson` that cannot be read.

use std::io;
use std::path::{Path, PathBuf};

/// A line that somebody damaged. It may say of somebody whom the run disabled that this tool did it.
#[derive(Debug, thiserror::Error)]
#[error(
    "line {line} of `{path}` is damaged; put the file back as it was, or, if that is lost for good, delete this line; then run the \
     same command again"
)]
pub struct DamagedLine {
    path: PathBuf,
    line: u64,
}

impl DamagedLine {
    /// The error of a reader that met it.
    pub(super) fn error(path: &Path, line: u64) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Self { path: path.to_path_buf(), line })
    }

    /// Whether this is why something cannot be read.
    pub fn is_cause(error: &io::Error) -> bool {
        error.get_ref().and_then(|cause| cause.downcast_ref::<Self>()).is_some()
    }
}
