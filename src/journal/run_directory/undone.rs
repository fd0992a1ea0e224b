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
    /// What the run took away is put back: memberships, and users whom it disabled. What somebody does to them since is theirs.
    #[serde(default)]
    restored: bool,
    /// What came of it so far; nothing if undoing was broken off before it was written.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    record: Option<UndoneRecord>,
}

impl RunDirectory {
    /// Says that the run is being undone, or was as a whole: from now on it is never taken up again, for what its journal says
    /// is no longer at the target.
    pub fn mark_undone(&self, as_a_whole: bool, record: Option<UndoneRecord>) -> io::Result<()> {
        let restored = as_a_whole || self.is_restored();
        self.write_undone(&UndoneFile { at: jiff::Timestamp::now().to_string(), as_a_whole, restored, record })
    }

    /// Says that what the run took away is put back, however the rest of undoing it ends.
    pub fn mark_restored(&self) -> io::Result<()> {
        let (at, record) = (jiff::Timestamp::now().to_string(), self.undone_record());
        self.write_undone(&UndoneFile { at, as_a_whole: false, restored: true, record })
    }

    fn write_undone(&self, undone: &UndoneFile) -> io::Result<()> {
        let path = self.undone();
        let written = replace_private(&path, |file| serde_json::to_writer(file, undone).map_err(Into::into));
        written.map_err(|error| {
            let (purpose, advice) = ("which says that the run is being undone", "move it away, and undo the run again");
            if path.is_dir() { fault(&path, purpose, &run_file_problem(&path, &error), advice) } else { error }
        })
    }

    /// Whether undoing it came to its end.
    pub fn is_undone_as_a_whole(&self) -> bool {
        self.read_undone().is_some_and(|undone| undone.as_a_whole)
    }

    /// Whether what the run took away is put back.
    pub fn is_restored(&self) -> bool {
        self.read_undone().is_some_and(|undone| undone.as_a_whole || undone.restored)
    }

    /// What came of undoing it so far, where that is known.
    pub fn undone_record(&self) -> Option<UndoneRecord> {
        self.read_undone()?.record
    }

    /// When undoing it last went on.
    pub fn undone_at(&self) -> Option<jiff::Timestamp> {
        let said = self.read_undone().and_then(|undone| undone.at.parse().ok());
        // Even if it cannot be read, the run is undone.
        let written = || std::fs::metadata(self.undone()).and_then(|file| file.modified()).ok();
        said.or_else(|| jiff::Timestamp::try_from(written()?).ok())
    }

    fn read_undone(&self) -> Option<UndoneFile> {
        let text = std::fs::read(self.undone()).ok()?;
        let of_earlier_versions = || {
            let (at, as_a_whole) = serde_json::from_slice(&text).ok()?;
            Some(UndoneFile { at, as_a_whole, restored: as_a_whole, record: None })
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
    fn what_is_put_back_is_known_however_later_attempts_end() {
        let runs = tempfile::tempdir().unwrap();
        let directory = RunDirectory::create(runs.path(), None).unwrap();
        let state = || (directory.is_undone_as_a_whole(), directory.is_restored());
        directory.mark_undone(false, None).unwrap();
        assert_eq!(state(), (false, false));
        directory.mark_restored().unwrap();
        assert_eq!(state(), (false, true), "and then it broke off");
        for as_a_whole in [false, true, false] {
            directory.mark_undone(as_a_whole, None).unwrap();
            assert_eq!(state(), (as_a_whole, true));
        }
        std::fs::write(directory.undone(), r#"["2026-11-23T09:15:00Z",true]"#).unwrap();
        assert_eq!(state(), (true, true), "as an earlier version wrote it");
        assert_eq!(directory.undone_at(), "2026-11-23T09:15:00Z".parse().ok());
        std::fs::write(directory.undone(), "garbage").unwrap();
        assert!(directory.undone_at().is_some(), "when the file was written");
    }
}
