//! The journal of one run: its log and its rejects file, kept in step.
//!
//! A group of events is made durable in this order: rejects, then the log that counts on them. What the log does not
//! count on is cut off the rejects file when the run is taken up again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Settled};
use super::log::{LogError, LogReader, LogWriter};
use super::rejects::{self, RejectsFile};
use super::{InDoubt, Progress, Reject};
use crate::files::{create_private, sync_directory_of};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("cannot use the journal `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It does not add up.
    #[error("cannot use the journal `{path}`: {source}; begin a new run with --new-run, which sends nobody twice")]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: LogError,
    },
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    log: LogWriter<File>,
    rejects: RejectsFile,
    /// Which rejects file the log speaks of.
    rejects_number: u32,
}

/// A journal as it was found.
pub struct Replayed {
    /// Ready to be written on.
    pub journal: Journal,
    /// How far the run came.
    pub progress: Progress,
}

/// How a run ended, as its journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every record of every input is settled.
    Finished,
    /// Something is left to do.
    Interrupted,
    /// The same, and the answers to the requests for these records are not known.
    InDoubt(Vec<InDoubt>),
}

/// What a journal says.
struct Found {
    progress: Progress,
    finished: bool,
    /// Numbers of the rejects files that the journal counts on.
    rejects_files: Vec<u32>,
    /// Length of the last of them.
    rejects_bytes: u64,
    /// Where its last whole entry ends.
    end: u64,
}

impl Found {
    /// Reads all whole entries; `None` if there is not even a beginning.
    fn read(
        file: &File,
        path: &Path,
        inputs: usize,
        mut settled: impl FnMut(&Settled),
    ) -> Result<Option<Self>, JournalError> {
        let wrong = |source| JournalError::Log { path: path.to_path_buf(), source };
        let reader = BufReader::with_capacity(1 << 18, file);
        let Some(mut log) = LogReader::open(reader).map_err(wrong)? else { return Ok(None) };
        let (progress, rejects_files) = (Progress::new(inputs), vec![rejects::FIRST]);
        let mut found = Self { progress, finished: false, rejects_files, rejects_bytes: 0, end: 0 };
        loop {
            found.end = log.offset();
            let Some(bytes) = log.next_entry().map_err(wrong)? else { return Ok(Some(found)) };
            let damaged = || wrong(LogError::Damaged { offset: found.end });
            match Entry::decode(bytes).ok_or_else(damaged)? {
                Entry::Planned(plan) => found.progress.plan(plan),
                Entry::PlannedFor { plan, external_ids } => found.progress.plan_for(plan, external_ids),
                Entry::Settled { records, rejects_bytes } => {
                    found.rejects_bytes = rejects_bytes;
                    records.iter().for_each(&mut settled);
                    found.progress.settle(records.iter().map(|record| record.key));
                }
                Entry::Reached(mark) => found.progress.reach(mark),
                Entry::Finished => found.finished = true,
                Entry::RejectsIn(number) => {
                    if found.rejects_bytes == 0 {
                        found.rejects_files.pop();
                    }
                    found.rejects_files.push(number);
                    found.rejects_bytes = 0;
                }
            }
        }
    }
}

/// Cuts a file off, and stands at its end. Nothing is written behind it before a power cut cannot bring the rest back.
fn cut_off(file: &mut File, end: u64) -> io::Result<()> {
    if file.metadata()?.len() > end {
        file.set_len(end)?;
        file.sync_all()?;
    }
    file.seek(SeekFrom::Start(end)).map(drop)
}

impl Journal {
    /// Begins a journal.
    pub fn create(path: &Path, rejects: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let log = create_private(path).and_then(LogWriter::create).map_err(failed)?;
        sync_directory_of(path).map_err(failed)?;
        let rejects = RejectsFile::resume(rejects.to_path_buf(), Vec::new(), 0)
            .map_err(|source| JournalError::Io { path: rejects.to_path_buf(), source })?;
        Ok(Self { path: path.to_path_buf(), log, rejects, rejects_number: rejects::FIRST })
    }

    /// Reads a journal to its end, cuts off what is torn, and stands ready to go on. `settled` sees each record.
    pub fn replay(
        path: &Path,
        rejects: &Path,
        inputs: usize,
        settled: impl FnMut(&Settled),
    ) -> Result<Replayed, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let Some(found) = Found::read(&file, path, inputs, settled)? else {
            return Ok(Replayed { journal: Self::create(path, rejects)?, progress: Progress::new(inputs) });
        };
        let Found { progress, rejects_files, rejects_bytes, end, .. } = found;
        cut_off(&mut file, end).map_err(failed)?;
        let rejects_number = rejects_files.last().copied().unwrap_or(rejects::FIRST);
        let rejects = RejectsFile::resume(rejects.to_path_buf(), rejects_files, rejects_bytes)
            .map_err(|source| JournalError::Io { path: rejects.to_path_buf(), source })?;
        let mut journal = Self { path: path.to_path_buf(), log: LogWriter::resume(file, end), rejects, rejects_number };
        // Before anything else: what is settled from here on tells of the length of that file.
        journal.announce_rejects().map_err(failed)?;
        Ok(Replayed { journal, progress })
    }

    /// Reads a journal and changes nothing.
    pub fn read(path: &Path, inputs: usize, settled: impl FnMut(&Settled)) -> Result<Ending, JournalError> {
        Self::read_with_rejects(path, path, inputs, settled).map(|(ending, _)| ending)
    }

    /// Reads a journal and changes nothing. The paths are those of its rejects files, of which the first one would be
    /// `rejects`; they need not be there any more.
    pub fn read_with_rejects(
        path: &Path,
        rejects: &Path,
        inputs: usize,
        settled: impl FnMut(&Settled),
    ) -> Result<(Ending, Vec<PathBuf>), JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(failed)?;
        let Some(found) = Found::read(&file, path, inputs, settled)? else {
            return Ok((Ending::Interrupted, Vec::new()));
        };
        // The last one may have been left without a reject in it.
        let files = if found.rejects_bytes == 0 {
            &found.rejects_files[..found.rejects_files.len() - 1]
        } else {
            &found.rejects_files[..]
        };
        let paths = files.iter().map(|number| RejectsFile::numbered(rejects, *number)).collect();
        let ending = match found {
            Found { finished: true, .. } => Ending::Finished,
            Found { progress, .. } if !progress.in_doubt.is_empty() => Ending::InDoubt(progress.into_doubts()),
            _ => Ending::Interrupted,
        };
        Ok((ending, paths))
    }

    /// Adds a reject to the rejects file.
    pub fn reject(&mut self, reject: &Reject) -> io::Result<()> {
        self.rejects.append(reject)?;
        self.announce_rejects()
    }

    /// Says in which file rejects are from now on, if it is another one.
    fn announce_rejects(&mut self) -> io::Result<()> {
        let number = self.rejects.number();
        if number != self.rejects_number {
            self.rejects_number = number;
            self.append(&Entry::RejectsIn(number))?;
        }
        Ok(())
    }

    /// Adds an entry to the log.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        self.log.append(&entry.encode()?)
    }

    /// Length of the rejects file with everything added to it.
    pub fn rejects_bytes(&self) -> u64 {
        self.rejects.bytes()
    }

    /// Makes everything added durable. Blocks for as long as the disk takes.
    pub fn sync(&mut self) -> io::Result<()> {
        self.rejects.sync()?;
        if self.log.is_dirty() { self.log.sync() } else { Ok(()) }
    }

    /// Makes everything added durable, and marks it as such: from now on damage to the log is known as such.
    pub fn seal(&mut self) -> io::Result<()> {
        self.sync()?;
        self.log.seal()
    }

    /// Where the rejects are, if there are any. The last file is the one that was written to; somebody changed the others,
    /// and may have moved them away.
    pub fn rejects_files(&self) -> Vec<PathBuf> {
        self.rejects.paths().filter(|path| path.exists()).collect()
    }

    /// The log's file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
