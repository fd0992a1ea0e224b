//! Why a list cannot be made.

use std::io;

use crate::journal::JournalError;

/// Why a list cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is known of the ids cannot be read.
    #[error("cannot read what is known of the target's ids: {0}")]
    Ids(io::Error),
    /// Who is missing cannot be read.
    #[error("cannot read who is missing: {0}")]
    Missing(io::Error),
    /// Nobody looked.
    #[error("run {0} did not look for users who are no longer in the export; an import with --on-missing report does")]
    NotLooked(String),
    /// The file that names them is gone.
    #[error("the file of run {0} that named who was missing was removed; `runs show` has their number")]
    Removed(String),
    /// The list cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// Nobody waits for the list any more.
    #[error("the list is not whole: it was stopped")]
    Stopped,
    /// The addresses of this list are in the inputs only, and one of these cannot be read as it was.
    #[error("the addresses are only in the input, and {0}; put the input back as it was")]
    NoInput(String),
}
