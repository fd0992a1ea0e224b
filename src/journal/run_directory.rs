//! The directory of one run.

use std::io;
use std::path::{Path, PathBuf};

use super::RunRecord;
use crate::exit::ExitStatus;
use crate::files::{create_private_directory, private_directory, replace_private, sync_directory_of};
use crate::source::Shard;

/// The directory of one run: `<runs-dir>/<id>/`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    id: String,
    path: PathBuf,
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
                    return Ok(Self { id, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A run that was begun before.
    pub fn open(path: PathBuf) -> io::Result<(Self, RunRecord)> {
        let record: RunRecord = serde_json::from_slice(&std::fs::read(path.join("run.json"))?)?;
        Ok((Self { id: record.id.clone(), path }, record))
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

    /// Writes what the run is about. Only now is the directory a run.
    pub fn write_record(&self, record: &RunRecord) -> io::Result<()> {
        replace_private(&self.path.join("run.json"), |file| {
            serde_json::to_writer_pretty(file, record).map_err(Into::into)
        })
    }

    /// Says that the run is being undone, or was as a whole: from now on it is never taken up again, for its journal is no
    /// longer true.
    pub fn mark_undone(&self, as_a_whole: bool) -> io::Result<()> {
        let now = jiff::Timestamp::now().to_string();
        replace_private(&self.undone(), |file| serde_json::to_writer(file, &(now, as_a_whole)).map_err(Into::into))
    }

    /// Whether undoing it came to its end.
    pub fn is_undone_as_a_whole(&self) -> bool {
        let mark = std::fs::read(self.undone()).ok();
        mark.and_then(|text| serde_json::from_slice(&text).ok()).is_some_and(|(_, whole): (String, bool)| whole)
    }

    /// Whether the run was undone, in part at least.
    pub fn is_undone(&self) -> bool {
        self.undone().exists()
    }

    fn undone(&self) -> PathBuf {
        self.path.join("undone.json")
    }

    /// Whether the run is over: it came to its end, as its report says, or it was undone.
    pub fn is_finished(&self) -> bool {
        self.is_undone() || self.read_report().is_some_and(|report| report.status == "finished")
    }

    /// Whether the run was stopped because its input was broken.
    pub fn ended_on_its_input(&self) -> bool {
        self.read_report().is_some_and(|report| report.exit_code == ExitStatus::Input.code())
    }

    fn read_report(&self) -> Option<Report> {
        serde_json::from_slice(&std::fs::read(self.report()).ok()?).ok()
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

/// What of a report decides about the next run.
#[derive(serde::Deserialize)]
struct Report {
    status: String,
    exit_code: u8,
}
