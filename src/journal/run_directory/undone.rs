//! What is kept of undoing a run, in `undone.json`.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::run_file::{fault, run_file_problem};
use super::RunDirectory;
use crate::files::replace_private;

/// What came of undoing a run: of what it created, by its journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneRecord {
    /// Not at the target any more.
    pub deleted: u64,
    /// Kept, for it was changed since, is not the run's own any more, or the target did not delete it.
    pub kept: u64,
}

/// `undone.json`
#[derive(Serialize, Deserialize)]
struct UndoneFile {
    at: String,
    /// Undoing came to its end.
    as_a_whole: bool,
    /// It did once, however a later attempt ended.
    #[serde(default)]
    once_as_a_whole: bool,
    /// What came of it so far; nothing if undoing was broken off before it was written.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    record: Option<UndoneRecord>,
}

impl RunDirectory {
    /// Says that the run is being undone, or was as a whole: from now on it is never taken up again, for what its journal says
    /// is no longer at the target.
    pub fn mark_undone(&self, as_a_whole: bool, record: Option<UndoneRecord>) -> io::Result<()> {
        let once_as_a_whole = as_a_whole || self.was_undone_as_a_whole();
        let undone = UndoneFile { at: jiff::Timestamp::now().to_string(), as_a_whole, once_as_a_whole, record };
        let path = self.undone();
        let written = replace_private(&path, |file| serde_json::to_writer(file, &undone).map_err(Into::into));
        written.map_err(|error| {
            let (purpose, advice) = ("which says that the run is being undone", "move it away, and undo the run again");
            if path.is_dir() { fault(&path, purpose, &run_file_problem(&path, &error), advice) } else { error }
        })
    }

    /// Whether undoing it came to its end.
    pub fn is_undone_as_a_whole(&self) -> bool {
        self.read_undone().is_some_and(|undone| undone.as_a_whole)
    }

    /// Whether undoing it came to its end once, however a later attempt ended.
    pub fn was_undone_as_a_whole(&self) -> bool {
        self.read_undone().is_some_and(|undone| undone.as_a_whole || undone.once_as_a_whole)
    }

    /// What came of undoing it so far, where that is known.
    pub fn undone_record(&self) -> Option<UndoneRecord> {
        self.read_undone()?.record
    }

    fn read_undone(&self) -> Option<UndoneFile> {
        let text = std::fs::read(self.undone()).ok()?;
        let of_earlier_versions = || {
            let (at, as_a_whole) = serde_json::from_slice(&text).ok()?;
            Some(UndoneFile { at, as_a_whole, once_as_a_whole: as_a_whole, record: None })
        };
        serde_json::from_slice(&text).ok().or_else(of_earlier_versions)
    }

    /// Whether the run was undone, in part at least.
    pub fn is_undone(&self) -> bool {
        self.undone().exists()
    }

    fn undone(&self) -> PathBuf {
        self.path.join("undone.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_undone_as_a_whole_once_is_known_after_a_later_attempt_was_broken_off() {
        let runs = tempfile::tempdir().unwrap();
        let directory = RunDirectory::create(runs.path(), None).unwrap();
        let states = |as_a_whole| {
            directory.mark_undone(as_a_whole, None).unwrap();
            (directory.is_undone_as_a_whole(), directory.was_undone_as_a_whole())
        };
        assert_eq!(
            [false, true, false, false].map(states),
            [(false, false), (true, true), (false, true), (false, true)]
        );
        std::fs::write(directory.undone(), r#"["2026-11-23T09:15:00Z",true]"#).unwrap();
        assert!(directory.was_undone_as_a_whole(), "as an earlier version wrote it");
    }
}
