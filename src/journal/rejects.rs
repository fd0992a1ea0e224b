//! The rejects file: one line a record, with the reason and the record itself, so that it can be mended and imported.
//!
//! ```json
//! {"code":"no_email","message":"…","field":"email_addresses","run":"…","request":"…","position":{…},"original":{…},"line_check":"…"}
//! {"code":"invalid_row","message":"…","run":"…","position":{…},"header":["id",…],"separator":",","original":"user_7,…","line_check":"…"}
//! ```
//!
//! `kind` stands behind the code where the record is of another kind than a user. `request` is the id of the request that the
//! target refused, if it did. `original` is the record as JSON, also of a row of a CSV. A record that is no JSON stands there as a
//! string, and so does a row whose cells are not known, with the header under which it is read once it is mended; one that is not
//! even UTF-8 is in `original_base64`. A record that was too large to be kept has neither: its position says where to find it.
//!
//! `line_check` is the CRC-32 of what is before it in its line: a line that somebody has changed is known by it. Lines that were
//! sorted or left out are known by the sum that the journal keeps of all that counts. A file in which anything was changed, or
//! that is not there any more, belongs to the person who did that: it stays as it is, and further rejects go to
//! `rejects-2.ndjson`, and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::rejects_left::{FIRST, LeftFile, RejectsCount, is_still, look_at, numbered};
use super::{Reject, RejectsEnd};
use crate::files::{create_new_private, sync_directory_of};

/// The rejects file of a run. It is made with the first reject: no rejects, no file.
#[derive(Debug)]
pub(super) struct RejectsFile {
    /// The first one; later ones lie beside it.
    first: PathBuf,
    /// Which one is written to, from 1.
    number: u32,
    /// Those with rejects that somebody changed since.
    earlier: Vec<u32>,
    /// The run's id.
    run: String,
    file: Option<File>,
    /// How much of it is written.
    written: u64,
    /// Lines to be written.
    waiting: Vec<u8>,
    /// The CRC-32 of both.
    sum: crc32fast::Hasher,
    dirty: bool,
}

impl RejectsFile {
    /// Lines that are written at once.
    const BUFFERED: usize = 64 * 1024;

    /// A file to be made at `first`, which lies in the directory that is named after the run.
    fn new(first: PathBuf) -> Self {
        let run = first.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let (earlier, waiting) = (Vec::new(), Vec::new());
        let sum = crc32fast::Hasher::new();
        Self { first, number: FIRST, earlier, run, file: None, written: 0, waiting, sum, dirty: false }
    }

    /// Goes on with the last of the files that count. What an interruption left behind that is cut off. A file that somebody
    /// changed is not touched: another one is begun.
    pub(super) fn resume(first: PathBuf, mut files: Vec<u32>, mut counted: RejectsCount) -> io::Result<Self> {
        let number = files.pop().unwrap_or(FIRST);
        let mut rejects = Self { number, earlier: files, written: counted.bytes, ..Self::new(first) };
        loop {
            let path = rejects.path();
            match look_at(&path, counted)? {
                LeftFile::Nothing => return Ok(rejects),
                LeftFile::All(_) if rejects.written == 0 => {
                    std::fs::remove_file(&path)?;
                    return Ok(rejects);
                }
                LeftFile::All(sum) => {
                    let mut file = OpenOptions::new().write(true).open(&path)?;
                    file.set_len(rejects.written)?;
                    file.seek(SeekFrom::Start(rejects.written))?;
                    return Ok(Self { file: Some(file), sum, ..rejects });
                }
                LeftFile::Changed => rejects.leave(),
            }
            counted = RejectsCount::default();
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        numbered(&self.first, self.number)
    }

    /// Which file it is, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Where all rejects are.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let current = self.file.as_ref().map(|_| self.number);
        self.earlier.iter().copied().chain(current).map(|number| numbered(&self.first, number))
    }

    /// Its length with everything that was appended, and the sum of it.
    pub(super) fn end(&self) -> RejectsEnd {
        RejectsEnd { bytes: self.written + self.waiting.len() as u64, sum: self.sum.clone().finalize() }
    }

    /// Appends a reject.
    pub(super) fn append(&mut self, reject: &Reject) -> io::Result<()> {
        if !self.dirty {
            self.begin_group()?;
            self.dirty = true;
        }
        let mut line = reject.line(&self.run)?;
        line.push(b'\n');
        self.sum.update(&line);
        self.waiting.extend_from_slice(&line);
        if self.waiting.len() < Self::BUFFERED { Ok(()) } else { self.write() }
    }

    /// Makes everything appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.write()?;
        self.dirty = false;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.write_all(&self.waiting)?;
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Sees to it that there is a file, and that it is still the run's own.
    fn begin_group(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file
            && !is_still(file, &self.path(), self.written)?
        {
            self.leave();
        }
        while self.file.is_none() {
            match create_new_private(&self.path()) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.leave(),
                Err(error) => return Err(error),
            }
            sync_directory_of(&self.first)?;
        }
        Ok(())
    }

    /// Leaves the file to the person who changed it.
    fn leave(&mut self) {
        let changed = self.path();
        if self.written > 0 {
            self.earlier.push(self.number);
        }
        (self.number, self.file, self.written) = (self.number + 1, None, 0);
        self.sum = crc32fast::Hasher::new();
        tracing::warn!(
            "somebody changed or moved `{}` before the run was finished, so it stays as it is; further rejects go to `{}`",
            changed.display(),
            self.path().display()
        );
    }
}
