//! The append-only log beneath a run's journal: which bytes are an entry, and what a crash can do to them.
//!
//! # On disk
//!
//! ```text
//! file    = magic group*
//! magic   = "AVNJRNL2"                     8 bytes; the last one is the version of this format
//! group   = mark entry*                    what one sync made durable
//! mark    = FF FF FF FF place sum          place: u64, little endian, the offset at which this mark begins
//! entry   = length check payload sum
//! length  = u32, little endian             bytes of the payload
//! check   = u32, little endian             CRC-32 of the 4 bytes of `length`, its highest bit set
//! payload = `length` bytes
//! sum     = u32, little endian             CRC-32 of the payload, or of what is before it in a mark; its highest bit set
//! ```
//!
//! # What is guaranteed
//!
//! - Once [`LogWriter::sync`] has returned, the entries before it survive a kill, a crash and a power cut.
//! - After a crash, any part of the group that was being synced may be there: blocks of it may be missing with others behind
//!   them. A group is only begun when the one before is durable, so what is damaged in the last group is torn, and is
//!   cut off from the first entry that is not whole.
//! - A group behind it proves that a damaged entry was durable before: that is [`LogError::Damaged`]. It is never taken for
//!   the end, for the entries behind it would be lost in silence. A mark knows its own place, so it is found with any
//!   bytes before it.
//! - [`LogWriter::seal`] adds a mark and nothing else. In a log that was sealed, damage anywhere is found.
//!
//! # What is not
//!
//! - A file that somebody cut exactly between two entries looks like an older state of the same file.
//! - One writer at a time: the run's lock sees to that.
//!
//! Version 1 had no marks. Its logs are read, and gone on with in groups; where no mark is before it, damage counts as torn
//! only if nothing but zeros is behind it.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// The first bytes of every log.
const MAGIC: &[u8; 8] = b"AVNJRNL2";

/// The first bytes of logs without marks, which earlier versions wrote.
const MAGIC_WITHOUT_MARKS: &[u8; 8] = b"AVNJRNL1";

/// How a mark begins. No entry has this length.
const MARK_START: [u8; 4] = [0xFF; 4];

/// Bytes of a mark.
const MARK: usize = 16;

/// Bytes before the payload.
const HEAD: usize = 8;

/// Bytes behind the payload.
const SUM: usize = 4;

/// Bytes in which a mark is looked for at once.
const WINDOW: usize = 64 * 1024;

/// How much of a log's end is read to find its last entry.
const TAIL: u64 = 64 * 1024;

/// The largest payload: far above what is written, so a larger length is damage, even if its check is right.
const MAX_PAYLOAD: usize = 64 * 1024 * 1024;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Reading failed.
    #[error("the journal cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Not a log at all.
    #[error("it is not a journal: its beginning was changed after it was written")]
    Foreign,
    /// A log of a later version, or an entry of a kind that came later.
    #[error("a newer version of the tool wrote it; use that version to go on with the run or to undo it")]
    Newer,
    /// Shorter than it was.
    #[error(
        "it tells of {found} users whom the run created, and the run's report of {reported}: the end of the journal is missing"
    )]
    Short {
        /// How many users it says the run created.
        found: u64,
        /// How many the report says.
        reported: u64,
    },
    /// Empty. A run begins with the beginning of its journal.
    #[error("the journal is empty, and what the run did is lost with it")]
    Empty,
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
    /// Where the file ends.
    end: u64,
    /// The next group.
    waiting: Vec<u8>,
}

impl<F: Durable> LogWriter<F> {
    /// Begins a new log in an empty file.
    pub(super) fn create(mut file: F) -> io::Result<Self> {
        file.write_all(MAGIC)?;
        file.sync()?;
        Ok(Self::resume(file, MAGIC.len() as u64))
    }

    /// Goes on behind the last whole entry; the file has to stand and to end there.
    pub(super) fn resume(file: F, end: u64) -> Self {
        Self { file, end, waiting: Vec::new() }
    }

    /// Adds an entry. It is not on its way before [`LogWriter::sync`].
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
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

    /// Whether there is anything to sync.
    pub(super) fn is_dirty(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes the waiting entries as a group and makes them durable, all with one sync.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.end += self.waiting.len() as u64;
        self.waiting.clear();
        self.file.sync()
    }

    /// Marks the last group as durable. Nothing is lost if this is.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        self.file.write_all(&mark(self.end))?;
        self.end += MARK as u64;
        Ok(())
    }
}

/// Reads entries, and finds where the whole ones end.
#[derive(Debug)]
pub(super) struct LogReader<R> {
    reader: R,
    /// Where the next entry or mark begins.
    offset: u64,
    /// How far the file was read.
    read: u64,
    /// It is known where groups begin.
    is_marked: bool,
    payload: Vec<u8>,
}

impl<R: Read> LogReader<R> {
    /// Begins at the start of the file. `None` when the file was torn before it was a log at all.
    pub(super) fn open(reader: R) -> Result<Option<Self>, LogError> {
        let mut log = Self { reader, offset: 0, read: 0, is_marked: true, payload: Vec::new() };
        let mut magic = [0; MAGIC.len()];
        let length = log.fill(&mut magic)?;
        if magic == *MAGIC || magic == *MAGIC_WITHOUT_MARKS {
            log.offset = log.read;
            log.is_marked = magic == *MAGIC;
            return Ok(Some(log));
        }
        let right = magic[..length].iter().zip(MAGIC).take_while(|(is, should)| is == should).count();
        match magic {
            _ if is_zero(&magic[right..length]) && log.rest_is_zero()? => Ok(None),
            [family @ .., version]
                if MAGIC.starts_with(&family) && version > MAGIC[family.len()] && version.is_ascii_digit() =>
            {
                Err(LogError::Newer)
            }
            _ => Err(LogError::Foreign),
        }
    }

    /// Where the next entry begins; behind the last one, where writing goes on.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next whole entry; `None` at the end or where a torn one begins.
    pub(super) fn next_entry(&mut self) -> Result<Option<&[u8]>, LogError> {
        let mut head = [0; HEAD];
        loop {
            if self.fill(&mut head)? < HEAD {
                return Ok(None);
            }
            if !head.starts_with(&MARK_START) {
                break;
            }
            if !self.is_mark(head)? {
                return self.damaged(0);
            }
            self.offset = self.read;
            self.is_marked = true;
        }
        let [a, b, c, d, check @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if check != sum(&head[..4]).to_le_bytes() || length > MAX_PAYLOAD {
            return self.damaged(head[HEAD - 1]);
        }
        let mut payload = std::mem::take(&mut self.payload);
        payload.resize(length + SUM, 0);
        let got = self.fill(&mut payload)?;
        self.payload = payload;
        if got < self.payload.len() {
            return Ok(None);
        }
        let (payload, sum_bytes) = self.payload.split_at(length);
        if sum_bytes != sum(payload).to_le_bytes() {
            let last = sum_bytes[SUM - 1];
            return self.damaged(last);
        }
        self.offset = self.read;
        Ok(Some(&self.payload[..length]))
    }

    /// Whether these are the first bytes of a mark, and the others follow.
    fn is_mark(&mut self, head: [u8; HEAD]) -> io::Result<bool> {
        let mut found = [0; MARK];
        found[..HEAD].copy_from_slice(&head);
        self.fill(&mut found[HEAD..])?;
        Ok(found == mark(self.offset))
    }

    /// What does not add up is torn, or it is an error. Before the first mark only zeros are known to be torn: neither
    /// the last byte of a whole `check` nor that of a `sum` is one.
    fn damaged(&mut self, last_byte: u8) -> Result<Option<&[u8]>, LogError> {
        let is_torn =
            if self.is_marked { !self.is_followed_by_a_group()? } else { last_byte == 0 && self.rest_is_zero()? };
        if is_torn { Ok(None) } else { Err(LogError::Damaged { offset: self.offset }) }
    }

    /// Whether a group begins somewhere behind what was read.
    fn is_followed_by_a_group(&mut self) -> io::Result<bool> {
        let mut window = Vec::new();
        loop {
            let (kept, first) = (window.len(), self.read - window.len() as u64);
            window.resize(kept + WINDOW, 0);
            let got = self.fill(&mut window[kept..])?;
            window.truncate(kept + got);
            let is_mark = |(place, bytes): (u64, &[u8])| bytes.starts_with(&MARK_START) && bytes == mark(place);
            if (first..).zip(window.windows(MARK)).any(is_mark) {
                return Ok(true);
            }
            if got < WINDOW {
                return Ok(false);
            }
            // A mark may lie across the two.
            window.drain(..window.len() - (MARK - 1));
        }
    }

    fn rest_is_zero(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            match self.fill(&mut buffer)? {
                0 => return Ok(true),
                count if is_zero(&buffer[..count]) => {}
                _ => return Ok(false),
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = fill(&mut self.reader, buffer)?;
        self.read += filled as u64;
        Ok(filled)
    }
}

/// What the end of a log says.
pub(super) enum Tail {
    /// It was not sealed, so that nothing is known of its last entry.
    Open,
    /// Its last entry.
    Sealed(Vec<u8>),
    /// It was sealed, and its last entry begins too far back.
    TooLong,
}

/// Finds the last entry of a sealed log without reading all of it.
pub(super) fn read_tail(file: &mut (impl Read + Seek)) -> Result<Tail, LogError> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let place = |index: usize| start + index as u64;
    let Some(seal) = tail.len().checked_sub(MARK).filter(|seal| tail[*seal..] == mark(place(*seal))) else {
        return Ok(Tail::Open);
    };
    let is_mark = |index: &usize| {
        let bytes = &tail[*index..];
        bytes.starts_with(&MARK_START) && bytes.starts_with(&mark(place(*index)))
    };
    let Some(group) = (0..seal).rev().find(is_mark) else {
        return Ok(Tail::TooLong);
    };
    let (first, offset) = (group + MARK, place(group + MARK));
    let mut log = LogReader {
        reader: tail.get(first..seal).unwrap_or_default(),
        offset,
        read: offset,
        is_marked: true,
        payload: Vec::new(),
    };
    let mut last = None;
    while let Some(entry) = log.next_entry()? {
        last = Some(entry.to_vec());
    }
    Ok(last.filter(|_| log.offset == place(seal)).map_or(Tail::TooLong, Tail::Sealed))
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

fn sum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) | 1 << 31
}

/// The mark of a group that begins at this offset.
fn mark(place: u64) -> [u8; MARK] {
    let mut mark = [0xFF; MARK];
    let (head, sum_bytes) = mark.split_at_mut(MARK - SUM);
    head[MARK_START.len()..].copy_from_slice(&place.to_le_bytes());
    sum_bytes.copy_from_slice(&sum(head).to_le_bytes());
    mark
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

    /// Where each entry ends.
    fn ends(groups: &[Vec<Vec<u8>>]) -> Vec<usize> {
        let mut end = MAGIC.len();
        let mut ends = Vec::new();
        for group in groups.iter().filter(|group| !group.is_empty()) {
            end += MARK;
            for entry in group {
                end += HEAD + entry.len() + SUM;
                ends.push(end);
            }
        }
        ends
    }

    /// How a block is after a power cut.
    #[derive(Clone, Copy, Debug)]
    enum Block {
        Written,
        Zeros,
        Stale(u8),
    }

    fn blocks() -> impl Strategy<Value = Vec<Block>> {
        let block = prop_oneof![Just(Block::Written), Just(Block::Zeros), any::<u8>().prop_map(Block::Stale)];
        proptest::collection::vec(block, 1..8)
    }

    /// These bytes, of which those from `from` on reached the disk in part.
    fn torn(bytes: &[u8], from: usize, size: usize, blocks: &[Block]) -> Vec<u8> {
        let mut torn = bytes.to_vec();
        for (index, byte) in torn.iter_mut().enumerate().skip(from) {
            match blocks[index / size % blocks.len()] {
                Block::Written => {}
                Block::Zeros => *byte = 0,
                Block::Stale(stale) => *byte = stale,
            }
        }
        torn
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
            prop_assert_eq!(replayed.len(), ends(&groups).iter().filter(|end| **end <= cut).count());
            // The same with room that was made and never filled.
            prefix.resize(cut + zeros, 0);
            let (padded, _) = replay(&prefix).unwrap();
            prop_assert!(padded.len() >= replayed.len());
            prop_assert_eq!(&entries[..padded.len()], &padded);
        }

        /// A power cut while the last group is synced: any blocks of it may be missing, with others behind them.
        #[test]
        fn whatever_is_missing_of_the_last_group_is_torn(
            groups in groups(), last in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..9),
            size in 1usize..600, blocks in blocks(),
        ) {
            let before = write(&groups).written.len();
            let durable = groups.concat();
            let entries = [durable.clone(), last.clone()].concat();
            let whole = write(&[groups, vec![last]].concat()).written;
            let (replayed, end) = replay(&torn(&whole, before, size, &blocks)).unwrap();
            prop_assert!(replayed.len() >= durable.len() && end >= before as u64, "{} of {}", replayed.len(), durable.len());
            prop_assert_eq!(&entries[..replayed.len()], &replayed);
        }

        #[test]
        fn the_same_is_damage_once_a_group_is_behind_it(
            groups in groups(), next in proptest::collection::vec(any::<u8>(), 1..3000), size in 1usize..600, blocks in blocks(),
        ) {
            let mut durable = write(&groups).written;
            durable = torn(&durable, MAGIC.len(), size, &blocks);
            let is_changed = durable != write(&groups).written;
            let next = write(&[groups, vec![vec![next]]].concat()).written.split_off(durable.len());
            let replayed = replay(&[durable, next].concat());
            prop_assert_eq!(replayed.is_err(), is_changed, "{:?}", replayed);
        }

        #[test]
        fn in_a_sealed_log_a_changed_byte_is_reported(groups in groups(), at in any::<usize>(), change in 1u8..) {
            let mut bytes = write(&groups).written;
            let at = at % bytes.len();
            bytes.extend(mark(bytes.len() as u64));
            prop_assert_eq!(replay(&bytes).unwrap().0, groups.concat());
            bytes[at] ^= change;
            prop_assume!(!bytes.starts_with(MAGIC_WITHOUT_MARKS));
            prop_assert!(replay(&bytes).is_err(), "byte {} changed by {}: {:?}", at, change, replay(&bytes));
        }

        #[test]
        fn writing_goes_on_behind_the_last_whole_entry(first in groups(), second in groups(), cut in any::<usize>()) {
            let whole = write(&first).written;
            let cut = MAGIC.len() + cut % (whole.len() - MAGIC.len() + 1);
            let (kept, end) = replay(&whole[..cut]).unwrap();
            let file = FakeFile { written: whole[..usize::try_from(end).unwrap()].to_vec(), durable: 0 };
            let mut log = LogWriter::resume(file, end);
            for entry in second.concat() {
                log.append(&entry).unwrap();
            }
            log.sync().unwrap();
            log.seal().unwrap();
            let (all, _) = replay(&log.file.written).unwrap();
            prop_assert_eq!(all, [kept, second.concat()].concat());
        }

        #[test]
        fn a_log_without_marks_is_read_and_gone_on_with(old in groups(), new in groups(), at in any::<usize>(), change in 1u8..) {
            let mut bytes = MAGIC_WITHOUT_MARKS.to_vec();
            for entry in old.concat() {
                let length = u32::try_from(entry.len()).unwrap().to_le_bytes();
                bytes.extend([&length[..], &sum(&length).to_le_bytes(), &entry, &sum(&entry).to_le_bytes()].concat());
            }
            let end = bytes.len();
            let (kept, found) = replay(&[&bytes[..], &[0; 700]].concat()).unwrap();
            prop_assert_eq!((&kept, found), (&old.concat(), end as u64));
            let mut log = LogWriter::resume(FakeFile { written: bytes, durable: 0 }, end as u64);
            for group in &new {
                for entry in group {
                    log.append(entry).unwrap();
                }
                log.sync().unwrap();
            }
            let mut bytes = log.file.written;
            prop_assert_eq!(replay(&bytes).unwrap().0, [old, new].concat().concat());
            prop_assume!(end > MAGIC.len());
            let at = MAGIC.len() + at % (end - MAGIC.len());
            bytes[at] ^= change;
            // A last byte of zero at the very end is what a crash leaves.
            prop_assume!(at + 1 < bytes.len() || bytes[at] != 0);
            prop_assert!(replay(&bytes).is_err(), "byte {} changed by {}", at, change);
        }
    }

    #[test]
    fn the_last_entry_of_a_sealed_log_is_found_from_its_end() {
        for (last, is_near) in [(5, true), (60_000, true), (70_000, false)] {
            let mut log = LogWriter::create(FakeFile::default()).unwrap();
            for entry in [vec![7; 100_000], vec![1; last]] {
                log.append(&entry).unwrap();
                log.sync().unwrap();
                log.seal().unwrap();
            }
            let bytes = log.file.written;
            let Tail::Sealed(found) = read_tail(&mut io::Cursor::new(&bytes)).unwrap() else {
                assert!(!is_near, "{last}");
                continue;
            };
            assert!(is_near && found == vec![1; last]);
            let open = &bytes[..bytes.len() - MARK];
            assert!(matches!(read_tail(&mut io::Cursor::new(open)).unwrap(), Tail::Open), "nobody sealed it");
        }
    }
}
