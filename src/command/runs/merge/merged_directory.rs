//! The directory in which shards are put together. What is to be in it is written beside what is there, and put in place when
//! all of it is written: a merge that fails leaves everything as it was, and one that was killed is done again.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::merge_error::MergeError;
use crate::files::{create_private_directory, sync_directory_of};
use crate::hexadecimal::hexadecimal;
use crate::ignore::ignore;
use crate::journal::{Lock, MergedRecord, rejects_path};
use crate::report::{NamedPeople, RunReport, page};

/// How the names begin of files that are being written, here and by [`MergedRecord::write`].
const STAGED: &str = ".tmp";

/// How many rejects files of earlier merges are known as ours.
const KNOWN_REJECTS: usize = 64;

/// Where the rejects of a merge go.
pub(super) struct MergedRejects {
    pub path: PathBuf,
    /// The files before it that stay, each in a sentence without its end.
    kept: Vec<String>,
}

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

    /// Where the rejects go: in place of those of an earlier merge, unless somebody changed these, or there are more of them: of
    /// a shard's rejects that are lost since, they may be all that is left.
    pub(super) fn rejects_path(&self, rejects: Option<&NamedTempFile>) -> Result<MergedRejects, MergeError> {
        let first = self.path.join("rejects.ndjson");
        let mut kept = Vec::new();
        let mut place = || -> io::Result<_> {
            let now = rejects.map_or(Ok(0), |file| lines_of(file.path()))?;
            rejects_path(&first, |path, is_changed| {
                let shown = path.display();
                let is_ours =
                    || Ok::<_, io::Error>(path.is_file() && self.was.rejects_sha256.contains(&sha256_of(path)?));
                if is_changed && !is_ours()? {
                    kept.push(format!("somebody changed `{shown}`, so it stays as it is"));
                    return Ok(false);
                }
                let were = lines_of(path)?;
                if were > now {
                    kept.push(format!(
                        "an earlier merge put more records than are left now into `{shown}` ({were}, and now {now}), so it stays \
                         as it is"
                    ));
                }
                Ok(were <= now)
            })
        };
        let path = place().map_err(MergeError::io(&first))?;
        Ok(MergedRejects { path, kept })
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
        (MergedRejects { path, kept }, rejects): (&MergedRejects, Option<NamedTempFile>),
        report: &RunReport<'_>,
    ) -> Result<(), MergeError> {
        let staged = |text: &str| self.stage(|mut file| file.write_all(text.as_bytes()).map(|()| Ok(true)));
        let failed = MergeError::io(&self.path);
        let written = || -> io::Result<_> {
            let json = serde_json::to_string_pretty(report)? + "\n";
            let page = page(&serde_json::to_value(report)?, &NamedPeople::default()).map_err(io::Error::other)?;
            Ok((json, page))
        };
        let (json, page) = written().map_err(failed)?;
        let (report, page) = (staged(&json)?, staged(&page)?);
        for reason in kept {
            if rejects.is_some() {
                tracing::warn!("{reason}; the rejects are in `{}`", path.display());
            } else {
                tracing::warn!("{reason}; there are no rejects to be put beside it");
            }
        }
        let put_in_place = || -> io::Result<()> {
            let now = rejects.as_ref().map(|file| sha256_of(file.path())).transpose()?;
            // Each of them that is there after a crash is known as ours, and so are those that stayed.
            let earlier = self.was.rejects_sha256.iter().filter(|earlier| now.as_ref() != Some(*earlier)).cloned();
            let rejects_sha256 = now.iter().cloned().chain(earlier).take(KNOWN_REJECTS).collect();
            MergedRecord { shards: self.shards.clone(), rejects_sha256 }.write(&self.path)?;
            match rejects {
                Some(file) => drop(file.persist(path)?),
                None => match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
            if let Some(page) = page {
                page.persist(self.path.join("report.html"))?;
            }
            if let Some(report) = report {
                report.persist(self.report())?;
            }
            sync_directory_of(&self.report())
        };
        put_in_place().map_err(MergeError::io(&self.path))?;
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

/// How many lines there are in a file.
fn lines_of(path: &Path) -> io::Result<u64> {
    let (mut file, mut buffer, mut lines) = (File::open(path)?, vec![0; 1 << 16], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(lines),
            count => lines += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64,
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
