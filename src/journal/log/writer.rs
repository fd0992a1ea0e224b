//! Writes a log, in groups that are durable as a whole.

use std::io::{self, Write};

use super::format::{MAGIC, MARK, MAX_PAYLOAD, mark, sum};

/// What a log file can do beyond writing.
pub(crate) trait Durable: Write {
    /// Makes everything written so far survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

impl Durable for std::fs::File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Appends entries.
#[derive(Debug)]
pub(crate) struct LogWriter<F> {
    pub(super) file: F,
    /// Where the file ends.
    end: u64,
    /// The next group.
    waiting: Vec<u8>,
}

impl<F: Durable> LogWriter<F> {
    /// Begins a new log in an empty file.
    pub(crate) fn create(mut file: F) -> io::Result<Self> {
        file.write_all(MAGIC)?;
        file.sync()?;
        Ok(Self::resume(file, MAGIC.len() as u64))
    }

    /// Goes on behind the last whole entry; the file has to stand and to end there.
    pub(crate) fn resume(file: F, end: u64) -> Self {
        Self { file, end, waiting: Vec::new() }
    }

    /// Adds an entry. It is not on its way before [`LogWriter::sync`].
    pub(crate) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD);
        let length = length.ok_or_else(|| io::Error::other("an entry is too large for the journal"))?;
        let length = length.to_le_bytes();
        if self.waiting.is_empty() {
            self.waiting.extend_from_slice(&mark(self.end));
        }
        self.waiting.extend_from_slice(&length);
        self.waiting.extend_from_slice(&sum(&length).to_le_bytes());
        self.waiting.extend_from_slice(payload);
        self.waiting.extend_from_slice(&sum(payload).to_le_bytes());
        Ok(())
    }

    /// Bytes that wait for a sync.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Writes the waiting entries as a group and makes them durable, all with one sync.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.end += self.waiting.len() as u64;
        self.waiting.clear();
        self.file.sync()
    }

    /// Marks the last group as durable. If the seal is lost, the log is as good without it.
    pub(crate) fn seal(&mut self) -> io::Result<()> {
        self.file.write_all(&mark(self.end))?;
        self.end += MARK as u64;
        Ok(())
    }
}
