//! The directory in which shards are put together. What is to be in it is written beside what is there, and put in place when
//! all of it is written: a merge that fails leaves everything as it was, and one that was killed is done again.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::merge_error::MergeError;
use crate::files::{create_private_directory, sync_directory_of};
use crate::ignore::ignore;
use crate::journal::{Lock, MergedRecord, rejects_path};
use crate::source::hexadecimal;

/// How the names begin of files that are being written, here and by [`MergedRecord::write`].
const STAGED: &str = ".tmp";

/// `<id>-merged`, held for one merge.
pub(super) struct MergedDirectory {
    path: PathBuf,
    /// It was made for this merge.
    is_new: bool,
    was: MergedRecord,
    shards: Vec<String>,
    _lock: Lock,
}

impl MergedDirectory {
    /// Opens the directory, or makes it, and clears away what a merge that was killed left there.
    pub(super) fn open(path: PathBuf, shards: Vec<String>) -> Result<Self, MergeError> {
        let is_new = !path.exists();
        create_private_directory(&path).map_err(MergeError::io(&path))?;
        let lock = Lock::take(&path.join("lock"), "merge")?;
        let was = MergedRecord::read(&path).unwrap_or_default();
        let directory = Self { path, is_new, was, shards, _lock: lock };
        directory.clear().map_err(MergeError::io(&directory.path))?;
        Ok(directory)
    }

    fn clear(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(STAGED.as_bytes()) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Where the report goes.
    pub(super) fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// Where the rejects go: in place of those of an earlier merge, unless somebody changed these.
    pub(super) fn rejects(&self) -> Result<PathBuf, MergeError> {
        let first = self.path.join("rejects.ndjson");
        let is_ours = |path: &Path| Ok(path.is_file() && self.was.rejects_sha256.contains(&sha256_of(path)?));
        rejects_path(&first, is_ours).map_err(MergeError::io(&first))
    }

    /// Writes a file that is not in its place yet; none if `write` says that there is nothing in it.
    pub(super) fn stage(
        &self,
        write: impl FnOnce(File) -> io::Result<Result<bool, MergeError>>,
    ) -> Result<Option<NamedTempFile>, MergeError> {
        let failed = MergeError::io(&self.path);
        let staged = || -> io::Result<_> {
            let staged = tempfile::Builder::new().prefix(STAGED).tempfile_in(&self.path)?;
            let written = write(staged.as_file().try_clone()?)?;
            staged.as_file().sync_all()?;
            Ok(written.map(|is_any| is_any.then_some(staged)))
        };
        staged().map_err(failed)?
    }

    /// Puts everything in its place, the report last.
    pub(super) fn keep(
        &mut self,
        (path, rejects): (&Path, Option<NamedTempFile>),
        report: &impl Serialize,
    ) -> Result<(), MergeError> {
        let report = self.stage(|mut file| {
            let text = serde_json::to_string_pretty(report)? + "\n";
            file.write_all(text.as_bytes()).map(|()| Ok(true))
        })?;
        let first = self.path.join("rejects.ndjson");
        if rejects.is_some() && path != first {
            let (first, path) = (first.display(), path.display());
            tracing::warn!("somebody changed `{first}`, so it stays as it is; the rejects are in `{path}`");
        }
        let kept = || -> io::Result<()> {
            let now = rejects.as_ref().map(|file| sha256_of(file.path())).transpose()?;
            // Whichever of the two is there after a crash is known as ours.
            let rejects_sha256 = now.into_iter().chain(self.was.rejects_sha256.iter().take(1).cloned()).collect();
            MergedRecord { shards: self.shards.clone(), rejects_sha256 }.write(&self.path)?;
            match rejects {
                Some(file) => drop(file.persist(path)?),
                None => match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
            if let Some(report) = report {
                report.persist(self.report())?;
            }
            sync_directory_of(&self.report())
        };
        kept().map_err(MergeError::io(&self.path))?;
        self.is_new = false;
        Ok(())
    }
}

impl Drop for MergedDirectory {
    fn drop(&mut self) {
        if self.is_new {
            ignore(std::fs::remove_dir_all(&self.path), "merging failed, and that is what is reported");
        }
    }
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}
