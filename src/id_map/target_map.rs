//! The map of one target, for one process at a time.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::addition::Addition;
use super::runs_of_target::{lost_runs, runs_of_target};
use super::taken_in::TakenIn;
use super::{IdLookup, KnownId};
use crate::files::{create_private_directory, private_options, remove_leftovers, sync_directory_of};
use crate::index::sorted_files;
use crate::journal::{LostRun, RunDirectory, RunRecord, read_learned_ids, target_digest};
use crate::kind::Kind;

/// How the directory of a target's map is called, within the one of the runs; the target's digest follows.
pub const ID_MAP_PREFIX: &str = "ids-";

/// The map of one target. Another process that wants it waits as long as this lives, which is never for long.
#[derive(Debug)]
pub struct IdMap {
    runs: PathBuf,
    target: String,
    directory: PathBuf,
    taken_in: TakenIn,
    lost: Vec<LostRun>,
    _lock: File,
}

impl IdMap {
    /// Opens the map of `target`, and waits for another process that has it. Blocks. What is damaged is forgotten.
    pub fn open(runs: &Path, target: &str) -> io::Result<Self> {
        let directory = Self::directory_of(runs, target);
        create_private_directory(&directory)?;
        let lock = lock(&directory.join("lock"))?;
        remove_leftovers(&directory)?;
        let new = |taken_in| Self {
            runs: runs.to_path_buf(),
            target: target.to_owned(),
            directory: directory.clone(),
            taken_in,
            lost: Vec::new(),
            _lock: lock,
        };
        match TakenIn::read(&directory) {
            Ok(taken_in) => Ok(new(taken_in)),
            Err(error) if is_damage(&error) => new(TakenIn::nothing()).without_what_is_damaged(&error),
            Err(error) => Err(error),
        }
    }

    /// Where the map of `target` lies.
    pub fn directory_of(runs: &Path, target: &str) -> PathBuf {
        runs.join(format!("{ID_MAP_PREFIX}{}", target_digest(target)))
    }

    /// What the journals say may be about another target by the same name, which was noted in what is damaged. So nothing is taken from
    /// them again: the target is asked.
    fn without_what_is_damaged(mut self, error: &io::Error) -> io::Result<Self> {
        tracing::warn!(%error, "what is known of the target's ids is damaged and is forgotten; the next import asks the target for them");
        self.forget()?;
        Ok(self)
    }

    /// Takes in what the runs have learned since the last time, those under way among them. Durable when this returns. Blocks.
    pub fn take_in(mut self) -> io::Result<Self> {
        match self.take_in_journals() {
            Ok(()) => Ok(self),
            Err(error) if is_damage(&error) => self.without_what_is_damaged(&error),
            Err(error) => Err(error),
        }
    }

    fn take_in_journals(&mut self) -> io::Result<()> {
        let mut taken_in = self.taken_in.clone();
        if sorted_files(&self.directory)?.is_empty() {
            taken_in.kinds = Some(BTreeSet::new());
        }
        let directory = self.directory.clone();
        let mut addition = Addition::new(&directory, taken_in.kinds.clone())?;
        let runs = runs_of_target(&self.runs, &self.target)?;
        let mut lost = lost_runs(&self.runs)?;
        for (directory, record) in &runs {
            lost.extend(take_in_run(directory, record, &mut addition, &mut taken_in)?);
        }
        if let Some(kinds) = &mut taken_in.kinds {
            kinds.extend(addition.kinds());
        }
        // Said before they are there: nobody is left unsought, should this be broken off.
        self.set(TakenIn { kinds: taken_in.kinds.clone(), ..self.taken_in.clone() })?;
        addition.finish()?;
        // Runs that are gone need no place any more.
        taken_in.runs.retain(|run, _| self.runs.join(run).is_dir() || runs.iter().any(|(_, record)| record.id == *run));
        taken_in.misses_some |= !lost.is_empty();
        self.lost = lost;
        self.set(taken_in)
    }

    /// The runs that cannot be read, and that may have learned ids that are not in the map: whom they met is not known as long as
    /// they are there.
    pub fn lost(&self) -> &[LostRun] {
        &self.lost
    }

    /// Whether the target may have confirmed somebody in an earlier run who is not in the map.
    pub fn misses_some(&self) -> bool {
        self.taken_in.misses_some
    }

    /// Notes that nothing is remembered as confirmed that is not in the map.
    pub fn note_covered(&mut self) -> io::Result<()> {
        self.set(TakenIn { misses_some: false, ..self.taken_in.clone() })
    }

    /// Forgets all, also what the journals say up to now: the target is another one, or somebody is about to delete what the runs
    /// created there.
    pub fn forget(&mut self) -> io::Result<()> {
        let mut taken_in = TakenIn::nothing();
        for (directory, record) in runs_of_target(&self.runs, &self.target)? {
            taken_in.runs.insert(record.id, length(&directory.journal())?);
        }
        self.remove_all()?;
        self.set(taken_in)
    }

    /// For looking ids up as they are known now.
    pub fn lookup(&self) -> io::Result<IdLookup> {
        IdLookup::open(&self.directory, self.taken_in.kinds.clone())
    }

    fn set(&mut self, taken_in: TakenIn) -> io::Result<()> {
        if taken_in != self.taken_in {
            taken_in.write(&self.directory)?;
            self.taken_in = taken_in;
        }
        Ok(())
    }

    /// Removes all that lies in the directory but the lock, also what somebody put there.
    fn remove_all(&mut self) -> io::Result<()> {
        // Up to where the journals were taken in goes first: what is left of the entries, should this be broken off, is said to miss some.
        self.taken_in = TakenIn::nothing();
        let mut paths = vec![TakenIn::path(&self.directory)];
        for entry in std::fs::read_dir(&self.directory)? {
            paths.push(entry?.path());
        }
        for path in paths.iter().filter(|path| !path.ends_with("lock")) {
            let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        sync_directory_of(&TakenIn::path(&self.directory))
    }
}

/// Whether an error means that what lies in the directory is not what was put there.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, IsADirectory, NotFound, UnexpectedEof};
    matches!(error.kind(), InvalidData | IsADirectory | NotFound | UnexpectedEof)
}

/// Takes in the journal of one run from where it was left. If it cannot be read, that is tried again the next time.
fn take_in_run(
    directory: &RunDirectory,
    record: &RunRecord,
    addition: &mut Addition<'_>,
    taken_in: &mut TakenIn,
) -> io::Result<Option<LostRun>> {
    let journal = directory.journal();
    let from = taken_in.runs.get(&record.id).copied().unwrap_or(0);
    if from == length(&journal)? && journal.is_file() {
        return Ok(None);
    }
    let kind = |input: u16| record.inputs.get(usize::from(input)).map_or_else(Kind::default, |input| input.kind);
    let mut failed = None;
    let read = read_learned_ids(&journal, from, |learned| {
        if !kind(learned.key.input).is_referred_to() {
            return Ok(());
        }
        addition.add(&KnownId::of(kind(learned.key.input), learned)).map_err(|error| {
            let kind = error.kind();
            failed = Some(error);
            kind.into()
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    match read {
        Ok(learned) => {
            taken_in.misses_some |= learned.misses_some;
            taken_in.runs.insert(record.id.clone(), learned.end);
            Ok(None)
        }
        Err(error) => {
            tracing::info!(run = record.id, "ids that this run learned are not known: {error}");
            Ok(Some(LostRun { directory: directory.path().to_path_buf(), problem: error.to_string() }))
        }
    }
}

/// The length of a journal; that of one which is not there is nothing.
fn length(journal: &Path) -> io::Result<u64> {
    match std::fs::metadata(journal) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Takes the lock of a map, and waits for it.
fn lock(path: &Path) -> io::Result<File> {
    if path.is_dir() {
        let sentence = format!("`{}`, the lock of what is known of ids, is a directory; move it away", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
    }
    let file = private_options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}
