//! The append-only log beneath a run's journal: which bytes are an entry, and what a crash can do to them.
//!
//! # On disk
//!
//! ```text
//! file    = magic entry*
//! magic   = "AVNJRNL1"                     8 bytes; the last one is the version of this format
//! entry   = length check payload sum
//! length  = u32, little endian             bytes of the payload
//! check   = u32, little endian             CRC-32 of the 4 bytes of `length`, its highest bit set
//! payload = `length` bytes
//! sum     = u32, little endian             CRC-32 of the payload, its highest bit set
//! ```
//!
//! # What is guaranteed
//!
//! - Once [`LogWriter::sync`] has returned, the entries before it survive a kill, a crash and a power cut.
//! - After a crash any prefix of what was written since may be there. A torn last entry is found and cut off.
//! - A file system that made room but did not fill it leaves zeros behind. The last byte of `check` and of `sum` is never
//!   zero, so an entry in which it is, with nothing but zeros behind it, is torn as well.
//! - Everything else that does not add up is [`LogError::Damaged`]: a damaged entry is never taken for the end, for the
//!   entries behind it would be lost in silence.
//!
//! # What is not
//!
//! - A file that somebody cut exactly between two entries cannot be told from an older state of the same file.
//! - One writer at a time: the run's lock sees to that.

use std::io::{self, Read, Write};

/// The first bytes of every log.
const MAGIC: &[u8; 8] = b"AVNJRNL1";

/// Bytes before the payload.
const HEAD: usize = 8;

/// Bytes behind the payload.
const SUM: usize = 4;

/// The largest payload: far above what is written, so a larger length is damage, whatever its check says.
const MAX_PAYLOAD: usize = 64 * 1024 * 1024;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Reading failed.
    #[error("the journal cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Not a log of this version.
    #[error("this is not a journal of this version of the tool")]
    Foreign,
    /// An entry was changed after it was written.
    #[error("the journal is damaged at byte {offset}; it was changed after it was written, so it is not used")]
    Damaged {
        /// Where the entry begins.
        offset: u64,
    },
}

/// What a log file can do beyond writing.
pub(super) trait Durable: Write {
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
pub(super) struct LogWriter<F> {
    file: F,
    waiting: Vec<u8>,
}

impl<F: Durable> LogWriter<F> {
    /// Begins a new log in an empty file.
    pub(super) fn create(mut file: F) -> io::Result<Self> {
        file.write_all(MAGIC)?;
        file.sync()?;
        Ok(Self { file, waiting: Vec::new() })
    }

    /// Goes on behind the last whole entry; the file has to stand there.
    pub(super) fn resume(file: F) -> Self {
        Self { file, waiting: Vec::new() }
    }

    /// Adds an entry. It is not on its way before [`LogWriter::sync`].
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD);
        let length = length.ok_or_else(|| io::Error::other("an entry is too large for the journal"))?;
        let length = length.to_le_bytes();
        self.waiting.extend_from_slice(&length);
        self.waiting.extend_from_slice(&check(length).to_le_bytes());
        self.waiting.extend_from_slice(payload);
        self.waiting.extend_from_slice(&sum(payload).to_le_bytes());
        Ok(())
    }

    /// Whether there is anything to sync.
    pub(super) fn is_dirty(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes the waiting entries and makes them durable, all with one sync.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        self.file.sync()
    }
}

/// Reads entries, and finds where the whole ones end.
#[derive(Debug)]
pub(super) struct LogReader<R> {
    reader: R,
    offset: u64,
    payload: Vec<u8>,
}

impl<R: Read> LogReader<R> {
    /// Begins at the start of the file. `None` when the file was torn before it was a log at all.
    pub(super) fn open(mut reader: R) -> Result<Option<Self>, LogError> {
        let mut magic = [0; MAGIC.len()];
        let length = fill(&mut reader, &mut magic)?;
        let mut log = Self { reader, offset: MAGIC.len() as u64, payload: Vec::new() };
        if magic == *MAGIC {
            return Ok(Some(log));
        }
        let right = magic[..length].iter().zip(MAGIC).take_while(|(is, should)| is == should).count();
        if is_zero(&magic[right..length]) && log.rest_is_zero()? { Ok(None) } else { Err(LogError::Foreign) }
    }

    /// Where the next entry begins; behind the last one, where writing goes on.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next whole entry; `None` at the end or where a torn one begins.
    pub(super) fn next_entry(&mut self) -> Result<Option<&[u8]>, LogError> {
        let damaged = LogError::Damaged { offset: self.offset };
        let mut head = [0; HEAD];
        let got = fill(&mut self.reader, &mut head)?;
        if got < HEAD {
            return Ok(None);
        }
        let [a, b, c, d, check_bytes @ ..] = head;
        let length = [a, b, c, d];
        if u32::from_le_bytes(check_bytes) != check(length) {
            return if head[HEAD - 1] == 0 && self.rest_is_zero()? { Ok(None) } else { Err(damaged) };
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_PAYLOAD {
            return Err(damaged);
        }
        self.payload.resize(length + SUM, 0);
        let got = fill(&mut self.reader, &mut self.payload)?;
        if got < self.payload.len() {
            return Ok(None);
        }
        let (payload, sum_bytes) = self.payload.split_at(length);
        if sum_bytes != sum(payload).to_le_bytes() {
            return if sum_bytes[SUM - 1] == 0 && self.rest_is_zero()? { Ok(None) } else { Err(damaged) };
        }
        self.offset += (HEAD + length + SUM) as u64;
        Ok(Some(&self.payload[..length]))
    }

    fn rest_is_zero(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            match fill(&mut self.reader, &mut buffer)? {
                0 => return Ok(true),
                count if is_zero(&buffer[..count]) => {}
                _ => return Ok(false),
            }
        }
    }
}

/// Reads until the buffer is full or the input ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

fn check(length: [u8; 4]) -> u32 {
    crc32fast::hash(&length) | 1 << 31
}

fn sum(payload: &[u8]) -> u32 {
    crc32fast::hash(payload) | 1 << 31
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file that remembers what was durable when.
    #[derive(Debug, Default)]
    struct FakeFile {
        written: Vec<u8>,
        durable: usize,
    }

    impl Write for FakeFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Short writes, as a real file may make them.
            let count = bytes.len().min(7);
            self.written.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Durable for FakeFile {
        fn sync(&mut self) -> io::Result<()> {
            self.durable = self.written.len();
            Ok(())
        }
    }

    fn write(groups: &[Vec<Vec<u8>>]) -> FakeFile {
        let mut log = LogWriter::create(FakeFile::default()).unwrap();
        for group in groups {
            for entry in group {
                log.append(entry).unwrap();
            }
            log.sync().unwrap();
        }
        log.file
    }

    /// The entries of a log and where the whole ones end.
    fn replay(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, u64), LogError> {
        let Some(mut log) = LogReader::open(bytes)? else { return Ok((Vec::new(), 0)) };
        let mut entries = Vec::new();
        while let Some(entry) = log.next_entry()? {
            entries.push(entry.to_vec());
        }
        Ok((entries, log.offset()))
    }

    fn groups() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
        let entry = proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 1..40);
        proptest::collection::vec(proptest::collection::vec(entry, 0..4), 0..8)
    }

    proptest! {
        #[test]
        fn any_prefix_replays_to_a_prefix_with_all_that_was_durable(groups in groups(), cut in any::<usize>(), zeros in 0usize..5000) {
            let whole = write(&groups).written;
            let entries: Vec<Vec<u8>> = groups.concat();
            let cut = cut % (whole.len() + 1);
            let mut prefix = whole[..cut].to_vec();
            let (replayed, end) = replay(&prefix).unwrap();
            prop_assert_eq!(&entries[..replayed.len()], &replayed);
            prop_assert!(end <= cut as u64);
            // Every entry that lies wholly within the prefix is there.
            let lengths = entries.iter().scan(MAGIC.len(), |end, entry| { *end += HEAD + entry.len() + SUM; Some(*end) });
            prop_assert_eq!(replayed.len(), lengths.filter(|end| *end <= cut).count());
            // The same with room that was made and never filled.
            prefix.resize(cut + zeros, 0);
            let (padded, _) = replay(&prefix).unwrap();
            prop_assert!(padded.len() >= replayed.len());
            prop_assert_eq!(&entries[..padded.len()], &padded);
        }

        #[test]
        fn a_changed_byte_is_reported_or_was_never_durable(groups in groups(), at in any::<usize>(), change in 1u8..) {
            let whole = write(&groups);
            prop_assert_eq!(whole.durable, whole.written.len());
            let mut bytes = whole.written;
            let at = at % bytes.len();
            bytes[at] ^= change;
            // A last byte of zero is what a crash leaves, so it may be taken for one.
            prop_assume!(at + 1 < bytes.len() || bytes[at] != 0);
            prop_assert!(replay(&bytes).is_err(), "byte {} changed by {}: {:?}", at, change, replay(&bytes));
        }

        #[test]
        fn writing_goes_on_behind_the_last_whole_entry(first in groups(), second in groups(), cut in any::<usize>()) {
            let whole = write(&first).written;
            let cut = MAGIC.len() + cut % (whole.len() - MAGIC.len() + 1);
            let (kept, end) = replay(&whole[..cut]).unwrap();
            let end = usize::try_from(end).unwrap();
            let file = FakeFile { written: whole[..end].to_vec(), durable: 0 };
            let mut log = LogWriter::resume(file);
            for entry in second.concat() {
                log.append(&entry).unwrap();
            }
            log.sync().unwrap();
            let (all, _) = replay(&log.file.written).unwrap();
            prop_assert_eq!(all, [kept, second.concat()].concat());
        }
    }
}
