//! `pruned.json`: that the journal of a run was removed, and what it said.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::RunDirectory;
use super::personal_files::personal_files;
use crate::files::replace_private;

/// What the journal of a run said that was removed, in counts of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedRecord {
    /// New at the target.
    pub created: u64,
    /// At the target already, and changed.
    pub updated: u64,
    /// At the target already, and left as they were.
    pub unchanged: u64,
    /// Those that did not move.
    pub rejected: u64,
    /// Sent, and the answer was never known.
    pub unfinished: u64,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedFile {
    /// When it was removed, RFC 3339.
    pub at: String,
    /// What it said; nothing if it could not be read.
    pub counts: Option<PrunedRecord>,
}

impl RunDirectory {
    /// Says that the journal is about to be removed: from now on the run can neither be resumed nor undone.
    pub fn mark_pruned(&self, counts: Option<PrunedRecord>) -> io::Result<()> {
        let pruned = PrunedFile { at: jiff::Timestamp::now().to_string(), counts };
        replace_private(&self.pruned(), |file| serde_json::to_writer(file, &pruned).map_err(Into::into))
    }

    /// Whether the journal was removed, and what is kept of it.
    pub fn pruned_record(&self) -> Option<PrunedFile> {
        let text = std::fs::read(self.pruned()).ok()?;
        // Even if it cannot be read: it was there before the journal was touched.
        let empty = || PrunedFile { at: String::new(), counts: None };
        Some(serde_json::from_slice(&text).unwrap_or_else(|_| empty()))
    }

    /// Whether the journal was removed, or is about to be.
    pub fn is_pruned(&self) -> bool {
        self.pruned().exists()
    }

    /// The files that hold personal data, as far as they are there: the journal, which undo and resume need, comes first.
    pub fn personal_files(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = personal_files(self.path())?;
        found.sort_by_key(|path| (*path != self.journal(), path.clone()));
        Ok(found)
    }

    fn pruned(&self) -> PathBuf {
        self.path().join("pruned.json")
    }
}
