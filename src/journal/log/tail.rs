//! The end of a log, without all that is before it.

use std::io::{Read, Seek, SeekFrom};

use super::format::{MARK, MARK_START, mark};
use super::{LogError, LogReader};

/// How much of a log's end is read to find its last entry.
const TAIL: u64 = 64 * 1024;

/// What the end of a log says.
pub(crate) enum Tail {
    /// It was not sealed, so that nothing is known of its last entry.
    Open,
    /// Its last entry.
    Sealed(Vec<u8>),
    /// It was sealed, and its last entry begins too far back.
    TooLong,
}

/// Finds the last entry of a sealed log without reading all of it.
pub(crate) fn read_tail(file: &mut (impl Read + Seek)) -> Result<Tail, LogError> {
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
    let mut log = LogReader::within(tail.get(first..seal).unwrap_or_default(), offset);
    let mut last = None;
    while let Some(entry) = log.next_entry()? {
        last = Some(entry.to_vec());
    }
    Ok(last.filter(|_| log.offset() == place(seal)).map_or(Tail::TooLong, Tail::Sealed))
}
