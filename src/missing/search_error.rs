//! Why nobody knows who is missing.

use std::io;

use crate::source::SourceError;

/// Why nobody knows who is missing.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// An input cannot be read to its end: who is behind it is not known.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Temporary files cannot be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}
