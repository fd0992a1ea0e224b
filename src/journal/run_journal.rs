//! The journal of one run: its log and its rejects file, kept in step.
//!
//! A group of events is made durable in this order: rejects, then the log that counts on them. What the log does not
//! count on is cut off the rejects file when the run is taken up again.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Identified, RecordOutcome, Settled};
use super::log::{LogWriter, Tail, read_tail};
use super::read_journal::ReadJournal;
use super::rejects_left::FIRST;
use super::{Ended, Ending, JournalAccount, JournalError, LogError, Progress, Reject, RejectsCount, RejectsFile};
use crate::files::{create_private, sync_directory_of};

/// Bytes of the log that wait to be made durable together, at most, with one entry more. On a slow disk they would be many:
/// what all senders settled meanwhile.
const WRITTEN_TOGETHER: usize = 1024 * 1024;

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    log: LogWriter<File>,
    rejects: RejectsFile,
    /// Which rejects file the log speaks of.
    rejects_number: u32,
    /// The room of the last entry.
    room: Vec<u8>,
}

/// A journal as it was found.
pub struct ReplayedJournal {
    /// Ready to be written on.
    pub journal: Journal,
    /// How far the run came.
    pub progress: Progress,
    /// See [`JournalAccount::has_end`].
    pub has_end: bool,
}

/// How many users the report beside a journal says the run created. It was written after the journal.
fn created_by_report(journal: &Path) -> u64 {
    #[derive(serde::Deserialize)]
    struct EarlierAccount {
        counts: EarlierCounts,
    }
    #[derive(serde::Deserialize)]
    struct EarlierCounts {
        created: u64,
    }
    let text = std::fs::read(journal.with_file_name("report.json")).unwrap_or_default();
    serde_json::from_slice(&text).map_or(0, |EarlierAccount { counts: EarlierCounts { created } }| created)
}

/// A directory can be opened as a file, and not be read.
fn check_is_file(path: &Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Err(JournalError::Io { path: path.to_path_buf(), source: io::ErrorKind::IsADirectory.into() });
    }
    Ok(())
}

/// Cuts a file off, and stands at its end. The cut is durable before anything is written behind it: no power cut brings the rest back,
/// or takes away the mark that seals what is before.
pub(super) fn cut_off(file: &mut File, end: u64) -> io::Result<()> {
    if file.metadata()?.len() > end {
        file.set_len(end)?;
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(end)).map(drop)
}

impl Journal {
    /// Begins a journal.
    pub fn create(path: &Path, rejects: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let log = create_private(path).and_then(LogWriter::create).map_err(failed)?;
        sync_directory_of(path).map_err(failed)?;
        let rejects = RejectsFile::resume(rejects.to_path_buf(), Vec::new(), RejectsCount::default())
            .map_err(|source| JournalError::Rejects { path: rejects.to_path_buf(), source })?;
        Ok(Self { path: path.to_path_buf(), log, rejects, rejects_number: FIRST, room: Vec::new() })
    }

    /// Reads a journal to its end, cuts off what is torn, and stands ready to go on. `settled` sees each record.
    pub fn replay(
        path: &Path,
        rejects: &Path,
        inputs: usize,
        settled: impl FnMut(&Settled),
    ) -> Result<ReplayedJournal, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        check_is_file(path)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let Some(found) = ReadJournal::read(&file, path, inputs, settled)? else {
            let (journal, progress) = (Self::create(path, rejects)?, Progress::new(inputs));
            return Ok(ReplayedJournal { journal, progress, has_end: false });
        };
        let has_end = found.has_end();
        let ReadJournal { progress, earlier_rejects, rejects_number, rejects: counted, end, .. } = found;
        cut_off(&mut file, end).map_err(failed)?;
        let earlier = earlier_rejects.into_iter().map(|(number, _)| number);
        let rejects_files = earlier.chain([rejects_number]).collect();
        let rejects = RejectsFile::resume(rejects.to_path_buf(), rejects_files, counted)
            .map_err(|source| JournalError::Rejects { path: rejects.to_path_buf(), source })?;
        let (path, log) = (path.to_path_buf(), LogWriter::resume(file, end));
        let mut journal = Self { path, log, rejects, rejects_number, room: Vec::new() };
        // Before anything else: what is settled from here on names the length of that file.
        journal.announce_rejects().map_err(failed)?;
        Ok(ReplayedJournal { journal, progress, has_end })
    }

    /// Reads a journal and changes nothing.
    pub fn read(path: &Path, inputs: usize, settled: impl FnMut(&Settled)) -> Result<Ending, JournalError> {
        Self::read_whole(path, path, inputs, settled).map(|account| account.ending)
    }

    /// Reads a journal and changes nothing. The first one of its rejects files would be `rejects`; none needs to be there any
    /// more.
    pub fn read_whole(
        path: &Path,
        rejects: &Path,
        inputs: usize,
        mut settled: impl FnMut(&Settled),
    ) -> Result<JournalAccount, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        check_is_file(path)?;
        let file = File::open(path).map_err(failed)?;
        let wrong = |source| JournalError::Log { path: path.to_path_buf(), source };
        let mut created = 0;
        let counted = |record: &Settled| {
            created += u64::from(matches!(record.outcome, RecordOutcome::Created { .. }));
            settled(record);
        };
        let found = ReadJournal::read(&file, path, inputs, counted)?.ok_or_else(|| wrong(LogError::Empty))?;
        // One that says that all is settled has its end, even if somebody changed the report.
        let reported = if found.finished { 0 } else { created_by_report(path) };
        if created < reported {
            return Err(wrong(LogError::Short { found: created, reported }));
        }
        Ok(found.account(rejects))
    }

    /// How the last part of a run ended that came to an end. Of a run that is over only the end of its journal is read.
    pub(super) fn last_ended(path: &Path) -> Result<Option<Ended>, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let mut file = File::open(path).map_err(failed)?;
        let tail = read_tail(&mut file).map_err(|source| JournalError::Log { path: path.to_path_buf(), source });
        if let Tail::Sealed(entry) = tail?
            && let Some(Entry::Ended(ended)) = Entry::decode(&entry)
        {
            return Ok(Some(ended));
        }
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(ReadJournal::read(&file, path, 0, |_| {})?.and_then(|found| found.ended))
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
        self.room = entry.encode_into(std::mem::take(&mut self.room))?;
        self.log.append(&self.room)
    }

    /// Says what became of records, those that were rejected among them, whose rejects were added before; and what the target
    /// calls those of them who are there. Gives the records back.
    pub fn write_settled(&mut self, records: Vec<Settled>, identified: Vec<Identified>) -> io::Result<Vec<Settled>> {
        let entry = Entry::SettledAs { records, rejects: self.rejects.end(), identified };
        self.append(&entry)?;
        Ok(if let Entry::SettledAs { records, .. } = entry { records } else { Vec::new() })
    }

    /// Whether so much was added that it should not wait for more before it is made durable: it waits in memory.
    pub fn is_full(&self) -> bool {
        self.log.waiting() >= WRITTEN_TOGETHER
    }

    /// Makes everything added durable. Blocks for as long as the disk takes.
    pub fn sync(&mut self) -> io::Result<()> {
        self.rejects.sync()?;
        if self.log.waiting() > 0 { self.log.sync() } else { Ok(()) }
    }

    /// Makes everything added durable, and marks it as such: from now on damage to the log is known as such.
    pub fn seal(&mut self) -> io::Result<()> {
        self.sync()?;
        self.log.seal()
    }

    /// Says how this part of the run ended, durably: nothing follows in it.
    pub fn end(&mut self, ended: Ended) -> io::Result<()> {
        self.append(&Entry::Ended(ended))?;
        self.seal()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RecordKey;

    /// Where the disk is slow, many large entries come before one sync. What waits for it is in memory.
    #[test]
    fn a_journal_is_full_once_a_mebibyte_waits_and_not_once_that_is_durable() {
        let directory = tempfile::tempdir().unwrap();
        let of = |name: &str| directory.path().join(name);
        let mut journal = Journal::create(&of("journal"), &of("rejects.ndjson")).unwrap();
        let id = "user_".repeat(1_000);
        let identified = |number| Identified {
            key: RecordKey { input: 0, number },
            clerk_id: id.clone(),
            external_id: None,
            id: id.clone(),
        };
        let mut entries = 0;
        while !journal.is_full() {
            journal.write_settled(Vec::new(), vec![identified(entries)]).unwrap();
            entries += 1;
        }
        assert_eq!(entries, 105, "of ten thousand bytes each");
        journal.sync().unwrap();
        assert!(!journal.is_full());
    }
}
