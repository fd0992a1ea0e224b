//! The file of a switch: for its owner only, because names of persons are in it; replaced as a whole; and written by one process
//! at a time, from what is in it at that moment, so that a long check never undoes what somebody recorded meanwhile.

use std::io;
use std::path::{Path, PathBuf};

use super::state::FORMAT;
use super::{CutoverState, StateError};
use crate::files::{create_private_directory, directory_of, read_named, replace_private};
use crate::journal::Lock;

/// The file of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFile(PathBuf);

impl StateFile {
    /// The file at this path, which need not be there.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is in it; nothing is known if there is none.
    ///
    /// # Errors
    /// If it is no file of this program, or one of a later version.
    pub fn read(&self) -> Result<CutoverState, StateError> {
        let wrong = |problem: String| StateError::Read { path: self.0.clone(), problem };
        let text = match read_named(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(CutoverState::default()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        // A later version may know more checks: its number is what counts then.
        let format = serde_json::from_slice::<Format>(&text).map_err(|error| wrong(error.to_string()))?.format;
        if format > FORMAT {
            return Err(wrong("a newer version of this program wrote it; use that one".to_owned()));
        }
        serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
    }

    /// Changes what is in it.
    ///
    /// # Errors
    /// If it cannot be read or written, or another process is at it.
    pub fn update<T>(&self, change: impl FnOnce(&mut CutoverState) -> T) -> Result<T, StateError> {
        let failed = |source| StateError::Write { path: self.0.clone(), source };
        create_private_directory(directory_of(&self.0)).map_err(failed)?;
        let mut lock = self.0.clone().into_os_string();
        lock.push(".lock");
        let _lock = Lock::take(Path::new(&lock), "cutover")?;
        let mut state = self.read()?;
        let changed = change(&mut state);
        replace_private(&self.0, |file| serde_json::to_writer_pretty(file, &state).map_err(Into::into))
            .map_err(failed)?;
        Ok(changed)
    }
}

#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::cutover::{Check, CheckRecord, Fact, FactRecord, Finding};

    fn file() -> (tempfile::TempDir, StateFile) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = StateFile::new(directory.path().join("deep/cutover.json"));
        (directory, file)
    }

    #[test]
    fn what_is_written_is_read_and_a_newer_form_is_refused() {
        let (_directory, file) = file();
        assert_eq!(file.read().expect("nothing"), CutoverState::default());
        let record =
            CheckRecord { at: Timestamp::UNIX_EPOCH, finding: Finding::ok("so"), target: None, inputs: vec![] };
        let words = |text: &str| text.parse().expect("words");
        let fact = FactRecord {
            fact: Fact::Go,
            by: words("Ana"),
            note: words("go"),
            at: Timestamp::UNIX_EPOCH,
            recorded: Timestamp::UNIX_EPOCH,
            evidence: None,
            withdrawn: None,
        };
        file.update(|state| {
            state.checks.insert(Check::Target, record.clone());
            state.facts.push(fact.clone());
        })
        .expect("written");
        let state = file.read().expect("it");
        assert_eq!((state.checks.get(&Check::Target), state.fact(Fact::Go)), (Some(&record), Some(&fact)));
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file.path()).expect("it").permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        let newer = std::fs::read_to_string(file.path()).expect("it").replace("\"format\": 1", "\"format\": 2");
        std::fs::write(file.path(), newer.replace("\"target\"", "\"of-a-later-version\"")).expect("written");
        let error = file.read().expect_err("a newer one").to_string();
        assert!(error.contains("newer version"), "{error}");
        let before = std::fs::read(file.path()).expect("it");
        file.update(|_| ()).expect_err("it is not overwritten");
        assert_eq!(std::fs::read(file.path()).expect("it"), before);
    }
}
