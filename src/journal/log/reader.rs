//! Reads a log, and finds where its whole entries end.

use std::io::{self, Read, Seek, SeekFrom};

use super::LogError;
use super::format::{HEAD, MAGIC, MAGIC_WITHOUT_MARKS, MARK, MARK_START, MAX_PAYLOAD, SUM, is_zero, mark, sum};

/// Bytes in which a mark is looked for at once.
const WINDOW: usize = 64 * 1024;

/// Reads entries, and finds where the whole ones end.
#[derive(Debug)]
pub(crate) struct LogReader<R> {
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
    pub(crate) fn open(reader: R) -> Result<Option<Self>, LogError> {
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

    /// Goes on at `offset`, where an entry or a group is known to begin and where `reader` stands.
    pub(super) fn within(reader: R, offset: u64) -> Self {
        Self { reader, offset, read: offset, is_marked: true, payload: Vec::new() }
    }

    /// Where the next entry begins; behind the last one, where writing goes on.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next whole entry; `None` at the end or where a torn one begins.
    pub(crate) fn next_entry(&mut self) -> Result<Option<&[u8]>, LogError> {
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

impl<R: Read + Seek> LogReader<R> {
    /// Goes on at `offset`, if that is still where a group begins or the log ends; begins at the start of the file otherwise.
    pub(crate) fn open_at(mut reader: R, offset: u64) -> Result<Option<Self>, LogError> {
        let length = reader.seek(SeekFrom::End(0))?;
        if offset >= MAGIC.len() as u64 && offset <= length {
            reader.seek(SeekFrom::Start(offset))?;
            let mut found = [0; MARK];
            let count = fill(&mut reader, &mut found)?;
            if count == 0 || found == mark(offset) {
                reader.seek(SeekFrom::Start(offset))?;
                return Ok(Some(Self::within(reader, offset)));
            }
        }
        reader.seek(SeekFrom::Start(0))?;
        Self::open(reader)
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
