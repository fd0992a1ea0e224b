//! Runs that began and of which nobody can read what they are about.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::log::LogReader;
use super::{LogError, RunDirectory};

/// A run that began, and whose record or journal cannot be read.
#[derive(Debug)]
pub struct LostRun {
    /// The directory of the run.
    pub directory: PathBuf,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl LostRun {
    /// The runs of a directory whose records cannot be read. One that was killed before it did anything is none of them.
    pub fn without_record(runs: &Path) -> io::Result<Vec<Self>> {
        let entries = match std::fs::read_dir(runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let directory = entry?.path();
            if let Err(error) = RunDirectory::open(directory.clone())
                && has_done_something(&directory)
            {
                found.push(Self { directory, problem: error.to_string() });
            }
        }
        Ok(found)
    }
}

/// Whether a directory without a readable record is of a run that did something. A run writes its record behind the places of
/// selected records, and before all else.
fn has_done_something(directory: &Path) -> bool {
    if !RunDirectory::holds_a_run(directory) {
        return false;
    }
    directory.join("run.json").exists() || has_more_than_a_selection(&directory.join("journal")).unwrap_or(true)
}

fn has_more_than_a_selection(journal: &Path) -> Result<bool, LogError> {
    let file = File::open(journal).map_err(LogError::Io)?;
    let Some(mut log) = LogReader::open(BufReader::new(file))? else { return Ok(false) };
    while let Some(bytes) = log.next_entry()? {
        if !matches!(Entry::decode(bytes), Some(Entry::Selected)) {
            return Ok(true);
        }
    }
    Ok(false)
}
