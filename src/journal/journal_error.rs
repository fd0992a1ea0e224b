//! Why a journal cannot be used, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::LogError;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("cannot use `{path}`, which says what the run has done: {}", reason(path, source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The rejects file cannot be used.
    #[error("cannot use `{path}`, which holds the records that the run rejected: {source}")]
    Rejects {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It does not add up.
    #[error("cannot use `{path}`, which says what the run has done: {source}{}", advice(source))]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: LogError,
    },
}

impl JournalError {
    /// Whether what the run did cannot be known from its journal, now or later.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory),
            Self::Rejects { .. } => false,
            Self::Log { source, .. } => !matches!(source, LogError::Io(_) | LogError::Newer),
        }
    }
}

/// Why a journal cannot be read or written, and what to do.
fn reason(path: &Path, source: &io::Error) -> String {
    match source.kind() {
        _ if path.is_dir() => "it is a directory; move it away and put the journal back from a backup".to_owned(),
        io::ErrorKind::NotFound => format!("it is missing; {PUT_BACK}"),
        _ => source.to_string(),
    }
}

/// What to do about a log that does not add up.
fn advice(source: &LogError) -> String {
    match source {
        LogError::Io(_) | LogError::Newer => String::new(),
        _ => format!("; {PUT_BACK}"),
    }
}

/// What to do about a journal that is lost; what there is beside that is for each command to say.
const PUT_BACK: &str = "put it back from a backup";
