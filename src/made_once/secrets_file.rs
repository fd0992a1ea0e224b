//! The file for secrets that a target shows only once.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::open_secrets_file::OpenSecretsFile;
use super::{AppliedError, MadeObjects};
use crate::files::{create_new_private, for_owner_only, sync_directory_of};
use crate::ignore::ignore;

/// The file for secrets, one JSON object a line behind a first line that says whose they are. It is made for its owner only,
/// never overwritten, and gone on with only by the work that began it.
#[derive(Debug)]
pub struct SecretsFile {
    open: OpenSecretsFile,
    /// Where it is remembered which file it is.
    memory: PathBuf,
    /// There is a file already that was not begun by this work. As long as no secret comes, it does not matter.
    is_taken: bool,
    file: Option<File>,
}

impl SecretsFile {
    /// Looks whether secrets can go to `path`, or if nothing is named, to the file of the work that was broken off. Nothing if
    /// there is neither. The file itself is made when it is needed.
    pub fn of(objects: &MadeObjects, path: Option<&Path>) -> Result<Option<Self>, AppliedError> {
        let memory = OpenSecretsFile::memory(objects);
        let failed = |source| AppliedError::Memory { path: memory.clone(), source };
        let begun = OpenSecretsFile::of(objects)?;
        let path = path.map(std::path::absolute).transpose().map_err(failed)?;
        // One that somebody took away is begun anew.
        let begun = begun.filter(|begun| begun.path.symlink_metadata().is_ok() || path.as_ref() == Some(&begun.path));
        let mut is_taken = false;
        let open = match (begun, path) {
            (None, None) => return Ok(None),
            (Some(begun), None) => begun,
            (Some(begun), Some(path)) if begun.path == path => begun,
            (Some(begun), Some(_)) => return Err(AppliedError::OtherSecrets { path: begun.path }),
            (None, Some(path)) => {
                is_taken = path.symlink_metadata().is_ok();
                OpenSecretsFile { path, begin: uuid::Uuid::new_v4().simple().to_string() }
            }
        };
        Ok(Some(Self { open, memory, is_taken, file: None }))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.open.path
    }

    /// What its first line says, by which it is known again.
    pub fn begin(&self) -> &str {
        &self.open.begin
    }

    /// Fails if a secret cannot go to the file, because somebody else's is there, or an earlier one of ours.
    pub fn check_not_taken(&self) -> Result<(), AppliedError> {
        if self.is_taken { Err(AppliedError::SecretsThere { path: self.open.path.clone() }) } else { Ok(()) }
    }

    /// Makes the file, or goes on with it: after this a secret can be written, as far as anybody can know. To be called before
    /// the target makes a secret.
    pub fn ready(&mut self) -> Result<(), AppliedError> {
        if self.file.is_none() {
            self.check_not_taken()?;
            self.open.remember(self.memory.clone())?;
            self.file = Some(self.open_secrets_file()?);
        }
        Ok(())
    }

    fn open_secrets_file(&self) -> Result<File, AppliedError> {
        let path = &self.open.path;
        let failed = |source| AppliedError::Secrets { path: path.clone(), source };
        let first = self.open.first_line();
        let mut file = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_new_private(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
            Ok(found) if found.is_file() => OpenOptions::new().read(true).write(true).open(path).map_err(failed)?,
            Ok(_) => return Err(AppliedError::SecretsThere { path: path.clone() }),
        };
        let mut begin = Vec::new();
        Read::by_ref(&mut file).take(first.len() as u64).read_to_end(&mut begin).map_err(failed)?;
        if !first.as_bytes().starts_with(&begin) {
            return Err(AppliedError::SecretsThere { path: path.clone() });
        }
        let end = if begin.len() < first.len() { 0 } else { end_of_last_line(&mut file).map_err(failed)? };
        let write = |file: &mut File| {
            // Somebody may have copied it since, and copies are often for everybody.
            for_owner_only(file)?;
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            if end == 0 {
                file.write_all(first.as_bytes())?;
            }
            file.sync_all()?;
            sync_directory_of(path)
        };
        write(&mut file).map_err(failed)?;
        Ok(file)
    }

    /// Adds a line with a secret. Durable when this returns.
    pub fn add(&mut self, line: &impl Serialize) -> Result<(), AppliedError> {
        self.ready()?;
        let failed = |source| AppliedError::Secrets { path: self.open.path.clone(), source };
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed)
    }

    /// Whether there is a whole line of which this holds.
    pub fn has(&self, is_it: impl Fn(&Value) -> bool) -> Result<bool, AppliedError> {
        let failed = |source| AppliedError::Secrets { path: self.open.path.clone(), source };
        let file = match File::open(&self.open.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file.map_err(failed)?,
        };
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            lines.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                return Ok(false);
            }
            if serde_json::from_slice(&line).is_ok_and(|value| is_it(&value)) {
                return Ok(true);
            }
        }
    }

    /// Whether there is any secret in it.
    pub fn has_any(&self) -> Result<bool, AppliedError> {
        if self.is_taken {
            return Ok(false);
        }
        self.has(|line| line.get("secrets_of").is_none())
    }

    /// The work is finished: nobody goes on with the file any more. If no secret came, it is removed.
    pub fn finish(self) -> Result<(), AppliedError> {
        let path = &self.open.path;
        if self.file.is_some() && !self.has_any()? {
            std::fs::remove_file(path).map_err(|source| AppliedError::Secrets { path: path.clone(), source })?;
        }
        match std::fs::remove_file(&self.memory) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(AppliedError::Memory { path: self.memory, source })
            }
            _ => {
                ignore(sync_directory_of(&self.memory), "then the file is known again, and may be gone on with");
                Ok(())
            }
        }
    }
}

/// Where the last whole line ends: what is behind it was torn by a kill.
fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    const WINDOW: u64 = 4096;
    let mut end = file.seek(SeekFrom::End(0))?;
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        file.seek(SeekFrom::Start(start))?;
        let mut window = vec![0; usize::try_from(end - start).unwrap_or_default()];
        file.read_exact(&mut window)?;
        if let Some(place) = window.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
