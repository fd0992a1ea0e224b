//! Why users cannot be selected.

use std::io;

use crate::source::SourceError;

/// Why users cannot be selected.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// An input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are records, and none of them is selected.
    #[error("the selection ({options}) takes none of the {records} records of the input{hint}; nothing was sent")]
    Nobody {
        /// The options of the selection.
        options: String,
        /// How many records there are.
        records: u64,
        /// What may be the reason.
        hint: &'static str,
    },
    /// The temporary directory failed.
    #[error("the selection cannot be put on disk, in {}", std::env::temp_dir().display())]
    Temporary(#[from] io::Error),
    /// It was asked to stop.
    #[error("the selection was interrupted")]
    Interrupted,
}
