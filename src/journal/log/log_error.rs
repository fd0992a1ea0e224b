//! Why a log cannot be read.

use std::io;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Reading failed.
    #[error("the journal cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Not a log at all.
    #[error("it is not a journal: its beginning was changed after it was written")]
    Foreign,
    /// A log of a later version, or an entry of a kind that came later.
    #[error("a newer version of the tool wrote it; use that version to go on with the run or to undo it")]
    Newer,
    /// Shorter than it was.
    #[error(
        "it names {found} users whom the run created, and the run's report names {reported}: the end of the journal is missing"
    )]
    Short {
        /// How many users it says the run created.
        found: u64,
        /// How many the report says.
        reported: u64,
    },
    /// Empty. A run begins with the beginning of its journal.
    #[error("the journal is empty, and what the run did is lost with it")]
    Empty,
    /// An entry was changed after it was written.
    #[error("the journal is damaged at byte {offset}; it was changed after it was written, so it is not used")]
    Damaged {
        /// Where the entry begins.
        offset: u64,
    },
}
