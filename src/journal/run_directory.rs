//! The directory of one run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::RunRecord;
use super::run_file::{fault, read_json, unreadable};
use crate::exit::ExitStatus;
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
        let file = path.join("run.json");
        let read = read_json(&file).and_then(|record| record.ok_or_else(|| "is missing".to_owned()));
        let record: RunRecord =
            read.map_err(|problem| fault(&file, "which says what the run is about", &problem, NO_RECORD))?;
        Ok((Self { id: record.id.clone(), path }, record))
    }

    /// Whether a run was begun in a directory. One without entries in its journal and without a record was killed before.
    fn holds_a_run(path: &Path) -> bool {
        path.join("run.json").exists() || std::fs::metadata(path.join("journal")).is_ok_and(|journal| journal.len() > 8)
    }

    /// All runs, the newest first. What is not a run is passed over, and what was one is told of.
    pub fn list(runs: &Path) -> io::Result<Vec<(Self, RunRecord)>> {
        let entries = match std::fs::read_dir(runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_run = Self::holds_a_run(&path);
            match Self::open(path) {
                Ok(run) => found.push(run),
                Err(error) if is_run => tracing::warn!("a run is passed over: {error}"),
                Err(_) => {}
            }
        }
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
        let undone = self.undone();
        let written =
            replace_private(&undone, |file| serde_json::to_writer(file, &(now, as_a_whole)).map_err(Into::into));
        written.map_err(|error| {
            let (purpose, advice) = ("which says that the run is being undone", "move it away, and undo the run again");
            if undone.is_dir() { fault(&undone, purpose, &unreadable(&undone, &error), advice) } else { error }
        })
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

/// What to do about a run whose record is lost. Nobody is claimed by a new one, and the mark tells who the old one created.
const NO_RECORD: &str = "put it back from a copy; or import the same input again, which begins a new run and sends nobody twice. \
                         Without it the run cannot be undone: the users it created have its id in their \
                         `admin_metadata.avnology_migrate`";

/// What of a report decides about the next run.
#[derive(serde::Deserialize)]
struct Report {
    status: String,
    exit_code: u8,
}

/// Writes a text file as [`put_private`] does.
pub fn replace_private(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    put_private(path, |file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.write_all(b"\n")?;
        file.flush()
    })
}

/// Writes a file for the owner only and puts it in place as a whole: a crash leaves the old one or the new one.
pub fn put_private<T>(path: &Path, write: impl FnOnce(File) -> io::Result<T>) -> io::Result<T> {
    // Its name is like no other, and it is private.
    let temporary = tempfile::NamedTempFile::new_in(directory_of(path))?;
    let written = write(temporary.as_file().try_clone()?)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    sync_directory_of(path)?;
    Ok(written)
}

/// The directory that a file is in.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file is not there after a power cut before its directory says so.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    // Elsewhere directories cannot be opened, and need not be.
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(directory_of(path))?.sync_all()
}

/// Makes a directory, and those above it, for the owner only, so that a power cut does not take any of them along. One that
/// exists is left as it is.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    create_private_directory(directory_of(path))?;
    match private_directory().create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created.and_then(|()| sync_directory_of(path)),
    }
}

fn private_directory() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes a new, empty file for the owner only, in place of any that is there.
pub fn create_private(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    create_new_private(path)
}

/// Makes a new, empty file for the owner only. It is an error if there is one.
pub(super) fn create_new_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // `create_new` never follows a link that somebody put there.
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
