//! The directory of one run.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Ended, RunRecord};
use crate::exit::ExitStatus;
use crate::files::{create_private_directory, private_directory, replace_private, sync_directory_of};
use crate::source::Shard;

/// The directory of one run: `<runs-dir>/<id>/`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    id: String,
    path: PathBuf,
    /// Its journal says how it ended.
    journals_end: bool,
}

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
struct Undone {
    at: String,
    /// Undoing came to its end.
    as_a_whole: bool,
    /// What came of it so far; nothing if undoing was broken off before it was told.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    record: Option<UndoneRecord>,
}

impl RunDirectory {
    /// Makes the directory of a new run. Ids sort by time: `20261123T091500Z-3f9a51c2`, and `20261123T091500Z-3f9a51c2-2of3` for a
    /// shard.
    pub fn create(runs: &Path, shard: Option<Shard>) -> io::Result<Self> {
        create_private_directory(runs)?;
        loop {
            let part = shard.map_or_else(String::new, |shard| format!("-{}of{}", shard.number(), shard.of()));
            let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
            // Runs of several hosts begin in the same second every night, and none may be taken for another one.
            let id = format!("{now}-{:08x}{part}", fastrand::u32(..));
            let path = runs.join(&id);
            match private_directory().create(&path) {
                Ok(()) => {
                    sync_directory_of(&path)?;
                    return Ok(Self { id, path, journals_end: true });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A run that was begun before.
    pub fn open(path: PathBuf) -> io::Result<(Self, RunRecord)> {
        let record: RunRecord = serde_json::from_slice(&std::fs::read(path.join("run.json"))?)?;
        Ok((Self { id: record.id.clone(), path, journals_end: record.journals_end }, record))
    }

    /// All runs, the newest first. What is not a run is passed over.
    pub fn list(runs: &Path) -> io::Result<Vec<(Self, RunRecord)>> {
        let entries = match std::fs::read_dir(runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found: Vec<_> = entries.flatten().filter_map(|entry| Self::open(entry.path()).ok()).collect();
        // Ids begin with the time, to the second.
        found.sort_by(|(_, one), (_, other)| other.started.cmp(&one.started));
        Ok(found)
    }

    /// The directories of runs whose `run.json` cannot be read, and why not.
    pub fn list_unreadable(runs: &Path) -> Vec<(PathBuf, io::Error)> {
        let entries = std::fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
        let unreadable = entries.filter(|path| path.join("run.json").exists());
        unreadable.filter_map(|path| Self::open(path.clone()).err().map(|error| (path, error))).collect()
    }

    /// Writes what the run is about. Only now is the directory a run.
    pub fn write_record(&self, record: &RunRecord) -> io::Result<()> {
        replace_private(&self.path.join("run.json"), |file| {
            serde_json::to_writer_pretty(file, record).map_err(Into::into)
        })
    }

    /// Says that the run is being undone, or was as a whole: from now on it is never taken up again, for what its journal says
    /// is no longer at the target.
    pub fn mark_undone(&self, as_a_whole: bool, record: Option<UndoneRecord>) -> io::Result<()> {
        let undone = Undone { at: jiff::Timestamp::now().to_string(), as_a_whole, record };
        replace_private(&self.undone(), |file| serde_json::to_writer(file, &undone).map_err(Into::into))
    }

    /// Whether undoing it came to its end.
    pub fn is_undone_as_a_whole(&self) -> bool {
        self.read_undone().is_some_and(|undone| undone.as_a_whole)
    }

    /// What came of undoing it so far, where that is known.
    pub fn undone_record(&self) -> Option<UndoneRecord> {
        self.read_undone()?.record
    }

    fn read_undone(&self) -> Option<Undone> {
        let text = std::fs::read(self.undone()).ok()?;
        let of_earlier_versions = || {
            let (at, as_a_whole) = serde_json::from_slice(&text).ok()?;
            Some(Undone { at, as_a_whole, record: None })
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

    /// Whether the run is over: it came to its end and gave its account, or it was undone.
    pub fn is_finished(&self) -> bool {
        self.is_undone() || self.ended().is_some_and(|ended| ended.finished)
    }

    /// Whether the run was stopped because its input was broken.
    pub fn ended_on_its_input(&self) -> bool {
        self.ended().is_some_and(|ended| ended.exit_code == ExitStatus::Input.code())
    }

    /// How the last part of it ended that came to an end. Somebody may have edited or deleted the report; so it counts only
    /// where there is nothing else.
    fn ended(&self) -> Option<Ended> {
        if self.journals_end {
            return self.journalled_end();
        }
        let report: Report = serde_json::from_slice(&std::fs::read(self.report()).ok()?).ok()?;
        let finished = report.status == "finished";
        Some(Ended { finished, exit_code: report.exit_code, ..Ended::default() })
    }

    /// The same, as far as the journal says it.
    pub fn journalled_end(&self) -> Option<Ended> {
        Ended::last_in(&self.journal())
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// The copy of the run's mapping file.
    pub fn mapping(&self) -> PathBuf {
        self.path.join("mapping.toml")
    }

    /// The copy of the run's JSON Schema of the traits.
    pub fn traits_schema(&self) -> PathBuf {
        self.path.join("traits-schema.json")
    }

    /// Where the rejects go, unless somebody changes that file while the run is unfinished.
    pub fn rejects(&self) -> PathBuf {
        self.path.join("rejects.ndjson")
    }

    /// What the first pass over the inputs found out.
    pub fn first_pass(&self) -> PathBuf {
        self.path.join("first-pass.json")
    }

    /// Hashes of the inputs' blocks.
    pub fn blocks(&self) -> PathBuf {
        self.path.join("blocks")
    }

    /// The duplicates within the input, once they were looked for.
    pub fn duplicates(&self) -> PathBuf {
        self.path.join("duplicates")
    }

    /// Where the account of the joined passwords is kept.
    pub fn passwords(&self) -> PathBuf {
        self.path.join("passwords.json")
    }

    /// The records of which undoing could not tell whether the run created their users.
    pub fn in_doubt(&self) -> PathBuf {
        self.path.join("in-doubt.ndjson")
    }

    /// Where the report goes.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// The run's lock.
    pub fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }
}

/// What of the report of an earlier version decides about the next run.
#[derive(Deserialize)]
struct Report {
    status: String,
    exit_code: u8,
}
