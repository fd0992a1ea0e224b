//! The rejects of all shards, one behind the other. What nobody changed is copied. A file that somebody mended is taken as it
//! is now, record by record, however a tool has laid it out since. What cannot be taken is named, and holds up nothing: the
//! counts are those of the journals, even if the files were changed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::merge_error::MergeError;
use super::merge_progress::MergeProgress;
use super::shard_account::ShardAccount;
use crate::journal::RejectsLeft;
use crate::source::{Input, ReaderLimits, RecordReader};

/// What a line has beside the record, at most.
const AROUND_A_RECORD: usize = 1 << 20;

/// Writes them to `to`, and says whether there are any. An error is one of writing.
pub(super) fn gather(
    accounts: &[ShardAccount<'_>],
    file: File,
    progress: &MergeProgress,
) -> io::Result<Result<bool, MergeError>> {
    let mut to = BufWriter::with_capacity(1 << 16, file);
    for account in accounts {
        let (run, options) = (&account.part.record.id, &account.part.record.options);
        let limit = options.max_record_bytes.unwrap_or_else(|| ReaderLimits::default().record_bytes);
        for rejects in &account.rejects {
            let path = &rejects.path;
            let shown = path.display();
            match RejectsLeft::of(path, rejects.counted) {
                Ok(RejectsLeft::AsWritten) => {
                    if let Err(source) = copy(path, rejects.counted.bytes, &mut to, progress)? {
                        return Ok(Err(MergeError::Io { path: path.clone(), source }));
                    }
                }
                Ok(RejectsLeft::Changed) => match take(path, limit, &mut to, progress)? {
                    Ok(records) => tracing::warn!(
                        "somebody changed `{shown}`, the rejects of run {run}: the {records} records that are in it now are in \
                         the merged file as they are; the counts are those of the import"
                    ),
                    Err(problem) => tracing::warn!(
                        "somebody changed `{shown}`, the rejects of run {run}, and it cannot be read as records ({problem}), so \
                         they are not in the merged file; mend it and merge again, or give it to --import by itself"
                    ),
                },
                Ok(RejectsLeft::Gone) => tracing::warn!(
                    "`{shown}`, the rejects of run {run}, is not there any more, so they are not in the merged file; put it \
                     back and merge again, or give it to --import from where it is now; the counts are those of the import"
                ),
                Err(error) => tracing::warn!(
                    "`{shown}`, the rejects of run {run}, cannot be read ({error}), so they are not in the merged file; merge \
                     again when it can be, or give it to --import by itself"
                ),
            }
        }
    }
    to.flush()?;
    Ok(Ok(to.stream_position()? > 0))
}

/// Copies the bytes that count. The outer error is one of writing, the inner one of reading.
fn copy(from: &Path, bytes: u64, to: &mut impl Write, progress: &MergeProgress) -> io::Result<io::Result<()>> {
    let mut from = match File::open(from) {
        Ok(file) => file.take(bytes),
        Err(error) => return Ok(Err(error)),
    };
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                progress.read(count as u64);
            }
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Takes the records of a file as an import would read them, a line each, or none of them and says why. The outer error is one
/// of writing.
fn take(
    from: &Path,
    limit: usize,
    to: &mut BufWriter<File>,
    progress: &MergeProgress,
) -> io::Result<Result<u64, String>> {
    if std::fs::metadata(from).is_ok_and(|file| file.len() == 0) {
        return Ok(Ok(0));
    }
    let start = to.stream_position()?;
    // A record is there as a string, perhaps, in which each of its quotes has become two bytes.
    let limits = ReaderLimits { record_bytes: limit * 2 + AROUND_A_RECORD, ..ReaderLimits::default() };
    let taken = match RecordReader::open(&Input::File(from.to_path_buf()), limits) {
        Ok(reader) => write_records(reader, to, progress)?,
        Err(error) => Err(error.to_string()),
    };
    if taken.is_err() {
        to.seek(SeekFrom::Start(start))?;
        to.get_ref().set_len(start)?;
    }
    Ok(taken)
}

fn write_records(
    mut reader: RecordReader,
    to: &mut impl Write,
    progress: &MergeProgress,
) -> io::Result<Result<u64, String>> {
    let mut records = 0;
    loop {
        let chunk = match reader.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(Ok(records)),
            Err(error) => return Ok(Err(error.to_string())),
        };
        progress.read(chunk.bytes.len() as u64);
        if chunk.header.is_some() {
            return Ok(Err("it is a CSV now".to_owned()));
        }
        for span in &chunk.spans {
            if span.fault.is_some() {
                return Ok(Err(format!("line {} is empty or too long", span.line)));
            }
            // Line breaks within a record are white space.
            let line = chunk.record(span).iter().map(|&byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
            to.write_all(&line.chain([b'\n']).collect::<Vec<u8>>())?;
            records += 1;
        }
    }
}
