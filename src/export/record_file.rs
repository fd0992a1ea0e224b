//! The file of one kind: one record a line, never half a record.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::file_sums::FileSums;
use super::id_reader::IdReader;
use super::id_set::IdSet;
use super::lane::LaneState;
use super::lines::push_line;
use super::reading::Written;
use super::state::OpenFile;
use super::walk::RECENT;
use super::{Compression, ExportDirectory, ExportError, ExportKind, ExportedFile};
use crate::files::{create_private, sync_directory_of};

/// Bytes that are compressed together. What is not compressed is written page by page.
const COMPRESSED_TOGETHER: usize = 1024 * 1024;

/// The file of one kind, which has another name until it is finished.
#[derive(Debug)]
pub(super) struct RecordFile {
    kind: ExportKind,
    name: String,
    path: PathBuf,
    part: PathBuf,
    file: File,
    compression: Compression,
    /// Lines that are not written yet.
    block: Vec<u8>,
    sums: FileSums,
    records: u64,
}

impl RecordFile {
    /// A new file of a kind, in place of any that was begun before.
    pub(super) fn create(
        directory: &ExportDirectory,
        kind: ExportKind,
        compression: Compression,
    ) -> Result<Self, ExportError> {
        Self::create_named(directory, kind, ExportDirectory::file_name(kind, compression), compression)
    }

    /// A new file of users who are gone.
    pub(super) fn create_deleted(directory: &ExportDirectory, compression: Compression) -> Result<Self, ExportError> {
        Self::create_named(directory, ExportKind::Users, ExportDirectory::name_of_deleted(compression), compression)
    }

    fn create_named(
        directory: &ExportDirectory,
        kind: ExportKind,
        name: String,
        compression: Compression,
    ) -> Result<Self, ExportError> {
        let (path, part) = (directory.path().join(&name), directory.part(&name));
        let file = create_private(&part).map_err(|source| ExportError::File { path: part.clone(), source })?;
        let (block, sums) = (Vec::new(), FileSums::default());
        Ok(Self { kind, name, path, part, file, compression, block, sums, records: 0 })
    }

    /// A file that was begun before: cut back to what is durable, and read once for its sums and the ids of its records.
    pub(super) async fn reopen(
        directory: &ExportDirectory,
        open: OpenFile,
        compression: Compression,
    ) -> Result<(Self, Written), ExportError> {
        let OpenFile { kind, bytes, records, lanes } = open;
        let name = ExportDirectory::file_name(kind, compression);
        let (path, part) = (directory.path().join(&name), directory.part(&name));
        let failed = |source| ExportError::File { path: part.clone(), source };
        if !part.exists() && path.exists() {
            // The kill came after the file got its name, and before that was noted.
            std::fs::rename(&path, &part).map_err(failed)?;
        }
        let mut file = File::options().read(true).write(true).open(&part).map_err(failed)?;
        file.set_len(bytes).map_err(failed)?;
        let sums = sums_of(&mut file).await.map_err(failed)?;
        let found = if records == 0 { Written::nothing() } else { written_in(&part, directory).await? };
        let written = Written { lanes, ..found };
        if (sums.bytes(), written.records) != (bytes, records) {
            let problem = format!("`{}` is not as the last part left it", part.display());
            return Err(ExportError::State { path: directory.path().to_path_buf(), problem });
        }
        let block = Vec::new();
        Ok((Self { kind, name, path, part, file, compression, block, sums, records }, written))
    }

    /// The records in it.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Adds a record.
    pub(super) fn push(&mut self, record: &[u8]) {
        push_line(&mut self.block, record);
        self.records += 1;
    }

    /// Writes what was added, if it is enough.
    pub(super) fn write(&mut self) -> Result<(), ExportError> {
        if self.compression != Compression::None && self.block.len() < COMPRESSED_TOGETHER {
            return Ok(());
        }
        self.flush().map_err(|source| self.failed(source))
    }

    /// Writes all that was added. Returns what is in the file now, with how far the lanes are that it was read in, and what makes it
    /// durable.
    pub(super) fn written(
        &mut self,
        lanes: Vec<LaneState>,
    ) -> Result<(OpenFile, impl FnOnce() -> Result<(), ExportError> + use<>), ExportError> {
        let file = self.flush().and_then(|()| self.file.try_clone()).map_err(|source| self.failed(source))?;
        let path = self.part.clone();
        let sync = move || file.sync_data().map_err(|source| ExportError::File { path, source });
        Ok((OpenFile { kind: self.kind, bytes: self.sums.bytes(), records: self.records, lanes }, sync))
    }

    fn sync(&mut self) -> Result<(), ExportError> {
        let synced = self.flush().and_then(|()| self.file.sync_data());
        synced.map_err(|source| self.failed(source))
    }

    /// Finishes the file and gives it its name.
    pub(super) fn finish(mut self, counted: Option<u64>, requests: u64) -> Result<ExportedFile, ExportError> {
        if self.sums.bytes() == 0 && self.block.is_empty() && self.compression != Compression::None {
            // Of nothing, too, there is something to decompress.
            self.write_block(Vec::new()).map_err(|source| self.failed(source))?;
        }
        self.sync()?;
        let named = std::fs::rename(&self.part, &self.path).and_then(|()| sync_directory_of(&self.path));
        named.map_err(|source| ExportError::File { path: self.path.clone(), source })?;
        let Self { kind, name: file, sums, records, .. } = self;
        Ok(ExportedFile::new((kind, file), records, &sums, counted, requests))
    }

    /// Takes it away: there is nothing of this kind.
    pub(super) fn discard(self) -> Result<(), ExportError> {
        std::fs::remove_file(&self.part).map_err(|source| self.failed(source))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let block = std::mem::take(&mut self.block);
        self.write_block(block)
    }

    fn write_block(&mut self, block: Vec<u8>) -> io::Result<()> {
        let mut packed = self.compression.pack(block)?;
        self.file.write_all(&packed)?;
        self.sums.update(&packed);
        packed.clear();
        if self.compression == Compression::None {
            // Its room is used again.
            self.block = packed;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> ExportError {
        ExportError::File { path: self.part.clone(), source }
    }
}

/// Reads a file from its beginning; its end is where writing goes on. Of a large one that takes minutes: a signal is heard in between.
async fn sums_of(file: &mut File) -> io::Result<FileSums> {
    file.seek(SeekFrom::Start(0))?;
    let (mut buffer, mut sums) = (vec![0; 256 * 1024], FileSums::default());
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sums),
            read => sums.update(&buffer[..read]),
        }
        tokio::task::yield_now().await;
    }
}

/// The records of a file that was begun before. A signal is heard in between.
async fn written_in(part: &Path, directory: &ExportDirectory) -> Result<Written, ExportError> {
    let wrong = |problem: String| ExportError::State { path: directory.path().to_path_buf(), problem };
    let (mut known, mut recent, mut records) = (IdSet::new(), VecDeque::new(), 0);
    let mut ids = IdReader::open(part).map_err(wrong)?;
    while let Some(some) = ids.next_ids().map_err(wrong)? {
        for id in some {
            known.insert(&id).map_err(|error| wrong(error.to_string()))?;
            if recent.len() == RECENT {
                recent.pop_front();
            }
            recent.push_back(id);
            records += 1;
        }
        tokio::task::yield_now().await;
    }
    Ok(Written { known, recent, records, lanes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_is_heard_while_a_large_file_is_read_again() {
        const RECORDS: u64 = 40_000;
        let scratch = tempfile::tempdir().expect("a directory");
        let directory = ExportDirectory::new(scratch.path().to_path_buf());
        let mut file = RecordFile::create(&directory, ExportKind::Users, Compression::None).expect("a file");
        for number in 0..RECORDS {
            file.push(format!(r#"{{"id":"user_{number}","padding":"{}"}}"#, "x".repeat(100)).as_bytes());
        }
        let (open, sync) = file.written(Vec::new()).expect("written");
        sync().expect("durable");
        // Neither the sums nor the ids are read in one go.
        let mut heard = 0_u64;
        let reopened = RecordFile::reopen(&directory, open, Compression::None);
        let signals = async {
            loop {
                heard += 1;
                tokio::task::yield_now().await;
            }
        };
        let (reopened, written) = tokio::select! {
            biased;
            never = signals => never,
            reopened = reopened => reopened.expect("it is whole"),
        };
        assert_eq!((reopened.records(), written.records), (RECORDS, RECORDS));
        assert!(heard > 30, "{heard} times");
    }
}
