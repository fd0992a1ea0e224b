//! Puts the index together, in one pass over the CSV.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::found_rows::FoundRows;
use super::report::PasswordsReport;
use super::table::{Passwords, PasswordsError};
use super::value::{
    ENTRY_BYTES, FIRST, HEAD_BYTES, Hash, PasswordEntry, REPEATED, Value, decode, entry, hash, hash_of, head, place_of,
};
use crate::index::{SortedFile, Sorter, read_exact_at, write_all_at};
use crate::source::{
    Findings, Header, Input, InputWatch, ReaderLimits, RecordChunk, RecordReader, RecordSpan, SkippedRows,
};

/// Entries in memory while sorting: 1 MiB.
const BUFFERED: usize = 1024 * 1024 / ENTRY_BYTES;

impl Passwords {
    /// Reads a file into an index in `directory`, whose files have no name. Of a file that is recorded the digest is kept. `seen`
    /// says how many of its bytes were read until now. Blocks.
    pub fn read(
        input: &Input,
        watch: &InputWatch,
        limits: ReaderLimits,
        directory: &Path,
        (stop, seen): (&CancellationToken, &AtomicU64),
    ) -> Result<Self, PasswordsError> {
        let mut reader = RecordReader::open_watched(input, limits, watch)?;
        let Some(header) = reader.header().filter(|header| header.has("password_digest")) else {
            return Err(PasswordsError::NoTable { input: input.name() });
        };
        let columns = COLUMNS.map(|column| header.column(column));
        let mut builder = Builder::new(&input.name(), directory, columns)?;
        while let Some(chunk) = reader.next_chunk()? {
            if stop.is_cancelled() {
                return Err(PasswordsError::Interrupted);
            }
            seen.store(chunk.consumed, Ordering::Relaxed);
            let Some(header) = &chunk.header else { continue };
            builder.chunk(header, &chunk)?;
        }
        let digest = match watch {
            InputWatch::Record(recorder, _) => recorder.inputs().pop().map(|input| input.digest),
            _ => None,
        };
        Ok(builder.finish(directory, reader.skipped())?.with_digest(digest))
    }
}

/// The columns that are read.
const COLUMNS: [&str; 4] = ["id", "password_digest", "password_hasher", "totp_secret"];

/// Puts an index together.
struct Builder {
    /// Where the columns are in the table.
    columns: [Option<usize>; COLUMNS.len()],
    secret: [u8; 16],
    sorter: Sorter<ENTRY_BYTES>,
    values: BufWriter<File>,
    written: u64,
    /// The entries of a chunk.
    entries: Vec<PasswordEntry>,
    /// The room for an encoded value.
    encoded: Vec<u8>,
    report: PasswordsReport,
}

impl Builder {
    fn new(input: &str, directory: &Path, columns: [Option<usize>; COLUMNS.len()]) -> io::Result<Self> {
        Ok(Self {
            columns,
            secret: uuid::Uuid::new_v4().into_bytes(),
            sorter: Sorter::new(BUFFERED, directory.to_path_buf()),
            values: BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(directory)?),
            written: 0,
            entries: Vec::new(),
            encoded: Vec::new(),
            report: PasswordsReport {
                file: input.to_owned(),
                rows: 0,
                joined: 0,
                users_without_row: Findings::default(),
                rows_without_user: None,
                conflicts: Findings::default(),
                repeated: Findings::default(),
                unreadable: Findings::default(),
                skipped_rows: SkippedRows::default(),
            },
        })
    }

    fn chunk(&mut self, header: &Header, chunk: &RecordChunk) -> io::Result<()> {
        chunk.spans.iter().try_for_each(|span| self.row(header, chunk, span))?;
        self.sorter.extend(&self.entries)?;
        self.entries.clear();
        Ok(())
    }

    fn row(&mut self, header: &Header, chunk: &RecordChunk, span: &RecordSpan) -> io::Result<()> {
        let RecordSpan { number: record, line, offset, length, .. } = *span;
        let row = if span.fault.is_none() { header.cells_of(chunk.record(span), &self.columns).ok() } else { None };
        let [id, digest, hasher, totp_secret] = row.unwrap_or_default();
        let [digest, hasher] = [&digest, &hasher].map(|cell| Some(&**cell).filter(|cell| !cell.is_empty()));
        let has_totp = !totp_secret.is_empty();
        let value = Value { id: &id, record, line, offset, length, digest, hasher, has_totp };
        if value.id.is_empty() {
            self.report.unreadable.add(chunk.position(span));
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.encoded);
        bytes.clear();
        let bytes = postcard::to_extend(&value, bytes).map_err(io::Error::other)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.entries.push(entry(&hash(&self.secret, value.id), self.written));
        self.values.write_all(&[FIRST])?;
        self.values.write_all(&length.to_be_bytes())?;
        self.values.write_all(&bytes)?;
        self.encoded = bytes;
        self.written += HEAD_BYTES as u64 + u64::from(length);
        Ok(())
    }

    /// Ends the index, with what is known of rows that are none.
    fn finish(self, directory: &Path, skipped: SkippedRows) -> io::Result<Passwords> {
        let Self { secret, sorter, values, mut report, .. } = self;
        report.skipped_rows = skipped;
        let values = values.into_inner().map_err(io::IntoInnerError::into_error)?;
        let input: Arc<str> = Arc::from(report.file.as_str());
        let sorted = sorter.finish()?;
        let mut last: Option<Hash> = None;
        // Of rows with one id the first one comes first.
        let firsts = sorted.iter().filter_map(|entry| {
            let found = entry.and_then(|entry| {
                let hash = hash_of(&entry);
                if last == Some(hash) {
                    repeated(&entry, &values, &input, &mut report)?;
                    return Ok(None);
                }
                last = Some(hash);
                Ok(Some(entry))
            });
            found.transpose()
        });
        let index = SortedFile::write(tempfile::tempfile_in(directory)?, firsts)?;
        report.rows = index.len();
        report.repeated.sort();
        report.unreadable.sort();
        Ok(Passwords::new(input, secret, index, (values, FoundRows::new(directory)?), report))
    }
}

/// Notes a row with the id of an earlier one.
fn repeated(entry: &PasswordEntry, values: &File, input: &Arc<str>, report: &mut PasswordsReport) -> io::Result<()> {
    let (place, mut begin) = (place_of(entry), [0; HEAD_BYTES]);
    read_exact_at(values, &mut begin, place)?;
    let (_, length) = head(&begin).ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut value = vec![0; length];
    read_exact_at(values, &mut value, place + HEAD_BYTES as u64)?;
    write_all_at(values, &[REPEATED], place)?;
    report.repeated.add(decode::<Value<'_>>(&value)?.position(input));
    Ok(())
}
