//! Why nobody knows who is missing.

use std::io;
use std::path::Path;

use crate::journal::{JournalError, LostRun, RunDirectory};
use crate::source::SourceError;

/// Why nobody knows who is missing.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// An input cannot be read to its end: who is behind it is not known.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An earlier run cannot be read: whom it created, and what it did about the missing, is not known.
    #[error("{}", .0.problem)]
    Lost(LostRun),
    /// Temporary files cannot be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Fails if a run cannot be read: it may have been at any target.
pub(super) fn check_runs(runs: &Path) -> Result<(), SearchError> {
    LostRun::without_record(runs)?.into_iter().next().map_or(Ok(()), |lost| Err(SearchError::Lost(lost)))
}

/// What an error about the journal of a run means.
pub(super) fn lost(directory: &RunDirectory, error: &JournalError) -> SearchError {
    SearchError::Lost(LostRun { directory: directory.path().to_path_buf(), problem: error.to_string() })
}
