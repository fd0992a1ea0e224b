//! The directory of one run.

mod undone;

use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
pub use undone::UndoneRecord;

use super::run_file::{fault, read_json};
use super::{Ended, Journal, RunRecord};
use crate::exit::ExitStatus;
use crate::files::{create_private_directory, is_forgotten, private_directory, replace_private, sync_directory_of};
use crate::source::Shard;

/// The directory of one run: `<runs-dir>/<id>/`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    id: String,
    path: PathBuf,
    /// Its journal says how it ended.
    journals_end: bool,
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
        let file = path.join("run.json");
        let read = read_json(&file).and_then(|record| record.ok_or_else(|| "is missing".to_owned()));
        let record: RunRecord =
            read.map_err(|problem| fault(&file, "which says what the run is about", &problem, NO_RECORD))?;
        Ok((Self { id: record.id.clone(), path, journals_end: record.journals_end }, record))
    }

    /// Whether a run was begun in a directory. One without entries in its journal and without a record was killed before.
    pub fn holds_a_run(path: &Path) -> bool {
        path.join("run.json").exists() || has_entries(&path.join("journal"))
    }

    /// Whether anything is in its journal.
    pub fn has_entries(&self) -> bool {
        has_entries(&self.journal())
    }

    /// All runs, the newest first. What is not a run is passed over, and what was one is reported.
    pub fn list(runs: &Path) -> io::Result<Vec<(Self, RunRecord)>> {
        let entries = match std::fs::read_dir(runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !is_forgotten(path)) {
            let is_run = Self::holds_a_run(&path);
            match Self::open(path) {
                Ok(run) => found.push(run),
                Err(error) if is_run => tracing::warn!("a run is passed over: {error}"),
                Err(_) => {}
            }
        }
        // Ids have the time to the second, and texts of times do not sort as the times do.
        found.sort_by_cached_key(|(_, record)| Reverse(record.started.parse::<jiff::Timestamp>().ok()));
        Ok(found)
    }

    /// Looks for directories in the place of files that are written before a run goes on or when it ends: with them it could not
    /// end, and its account would be lost.
    pub fn check_paths(&self) -> io::Result<()> {
        let files = [
            (self.first_pass(), "which says what the inputs are"),
            (self.block_hashes(), "which holds the hashes of the inputs' blocks"),
            (self.duplicates(), "which says which records repeat another one"),
            (self.passwords(), "which holds the account of the joined passwords"),
            (self.memberships(), "which holds the account of the joined memberships"),
            (self.report(), "the account of the run"),
            (self.report_page(), "the account of the run for people"),
        ];
        let wrong = files.into_iter().find(|(path, _)| path.is_dir());
        wrong.map_or(Ok(()), |(path, purpose)| {
            Err(fault(&path, purpose, "is a directory", "move it away, and the same command goes on"))
        })
    }

    /// Writes what the run is about. Only now is the directory a run.
    pub fn write_record(&self, record: &RunRecord) -> io::Result<()> {
        replace_private(&self.path.join("run.json"), |file| {
            serde_json::to_writer_pretty(file, record).map_err(Into::into)
        })
    }

    /// Whether the run is over: it came to its end and gave its account, or it was undone.
    pub fn is_finished(&self) -> bool {
        self.is_undone() || self.is_pruned() || self.ended().is_some_and(|ended| ended.finished)
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
        let report: EarlierReport = serde_json::from_slice(&std::fs::read(self.report()).ok()?).ok()?;
        let finished = report.status == "finished";
        Some(Ended { finished, exit_code: report.exit_code, ..Ended::default() })
    }

    /// How the run ended, as far as the journal says it. `None` also if it cannot be read: what needs all of it reports what is
    /// wrong with it.
    pub fn journalled_end(&self) -> Option<Ended> {
        Journal::last_ended(&self.journal()).unwrap_or_default()
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
    pub fn block_hashes(&self) -> PathBuf {
        self.path.join("blocks")
    }

    /// The duplicates within the input, once they were looked for.
    pub fn duplicates(&self) -> PathBuf {
        self.path.join("duplicates")
    }

    /// Where the blocks of shards begin in the inputs.
    pub fn block_starts(&self) -> PathBuf {
        self.path.join("block-starts")
    }

    /// The places of the selected records.
    pub fn selection(&self) -> PathBuf {
        self.path.join("selection")
    }

    /// What selecting them came to.
    pub fn selection_totals(&self) -> PathBuf {
        self.path.join("selection.json")
    }

    /// Where the account of the joined passwords is kept.
    pub fn passwords(&self) -> PathBuf {
        self.path.join("passwords.json")
    }

    /// Where the account of the joined memberships is kept.
    pub fn memberships(&self) -> PathBuf {
        self.path.join("memberships.json")
    }

    /// The records of which undoing could not find out whether the run created their users.
    pub fn in_doubt(&self) -> PathBuf {
        self.path.join("in-doubt.ndjson")
    }

    /// Users whom earlier runs created and who are no longer in the export.
    pub fn missing(&self) -> PathBuf {
        self.path.join("missing.ndjson")
    }

    /// Identities that the run disabled, or enabled again, because their users were missing, or were back.
    pub fn disabled(&self) -> PathBuf {
        self.path.join("disabled.ndjson")
    }

    /// Memberships that earlier runs created and that are no longer in the export.
    pub fn missing_memberships(&self) -> PathBuf {
        self.path.join("missing-memberships.ndjson")
    }

    /// Memberships and role tuples that the run removed, because they were missing.
    pub fn removed(&self) -> PathBuf {
        self.path.join("removed.ndjson")
    }

    /// Where the report goes.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// Whom the page of the report names, if it was asked to name people.
    pub fn named_people(&self) -> PathBuf {
        self.path.join("named-people.json")
    }

    /// Where the page of the report goes.
    pub fn report_page(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// The run's lock.
    pub fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }
}

/// Whether anything is in a journal behind its first bytes.
fn has_entries(journal: &Path) -> bool {
    std::fs::metadata(journal).is_ok_and(|journal| journal.len() > 8)
}

/// What to do about a run whose record is lost. Nobody is claimed by a new one, and the mark says whom the old one created.
const NO_RECORD: &str = "put it back from a copy; or move the directory of the run away and import the same input again, which begins a \
                         new run and sends nobody twice. Without it the run cannot be undone: the users it created have its id in their \
                         `admin_metadata.avnology_migrate`";

/// What of the report of an earlier version decides about the next run.
#[derive(Deserialize)]
struct EarlierReport {
    status: String,
    exit_code: u8,
}
