//! What is found out about a run after it ended: undoing it learns what came of requests whose answers were lost.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::entry::{Entry, RecordOutcome, Settled};
use super::log::LogWriter;
use super::read_journal::ReadJournal;
use super::run_journal::cut_off;
use super::{JournalError, RecordKey, RejectsCount, RejectsEnd};

/// Adds to the journal of a run that is not under way what is found out about it later.
#[derive(Debug)]
pub struct Amendment {
    log: LogWriter<File>,
    rejects: RejectsCount,
}

impl Amendment {
    /// Reads a journal to its end, and stands there.
    pub fn open(path: &Path, inputs: usize) -> Result<Option<Self>, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_path_buf(), source };
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let Some(found) = ReadJournal::read(&file, path, inputs, |_| {})? else { return Ok(None) };
        cut_off(&mut file, found.end).map_err(failed)?;
        Ok(Some(Self { log: LogWriter::resume(file, found.end), rejects: found.rejects }))
    }

    /// These records were created, though the answer to their request was lost. Durable when this returns.
    pub fn created(&mut self, records: &[(RecordKey, String, String)]) -> io::Result<()> {
        let records = records.iter().map(|(key, external_id, id)| {
            let outcome = RecordOutcome::Created { external_id: external_id.clone(), id: Some(id.clone()) };
            Settled { key: *key, outcome, notices: 0 }
        });
        let records = records.collect();
        // What was not known of the rejects before is not known now.
        let entry = match self.rejects {
            RejectsCount { bytes, sum: Some(sum) } => {
                Entry::SettledWith { records, rejects: RejectsEnd { bytes, sum } }
            }
            RejectsCount { bytes, sum: None } => Entry::Settled { records, rejects_bytes: bytes },
        };
        self.log.append(&entry.encode()?)?;
        self.log.sync()
    }
}
