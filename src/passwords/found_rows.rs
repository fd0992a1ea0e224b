//! Which rows a user was found for: a byte a row on disk, at the row's number.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use crate::index::{read_most_at, write_all_at};

/// Rows that are read at once.
const BLOCK: usize = 64 * 1024;

/// Rows that a user was found for, by their numbers.
#[derive(Debug)]
pub(super) struct FoundRows(File);

impl FoundRows {
    /// None of them yet, in a file without a name in `directory`.
    pub(super) fn new(directory: &Path) -> io::Result<Self> {
        tempfile::tempfile_in(directory).map(Self)
    }

    /// Notes that users were found for these rows.
    pub(super) fn note(&self, rows: Range<u64>) -> io::Result<()> {
        let count = usize::try_from(rows.end.saturating_sub(rows.start)).unwrap_or_default();
        write_all_at(&self.0, &vec![1; count], rows.start)
    }

    /// How many they are.
    pub(super) fn count(&self) -> io::Result<u64> {
        let (mut count, mut start, mut block) = (0, 0, vec![0; BLOCK]);
        loop {
            let read = read_most_at(&self.0, &mut block, start)?;
            count += block[..read].iter().map(|noted| u64::from(*noted)).sum::<u64>();
            start += read as u64;
            if read < BLOCK {
                return Ok(count);
            }
        }
    }

    /// Reads them in the order of their numbers.
    pub(super) fn read(&self) -> FoundRowsReader<'_> {
        FoundRowsReader { file: &self.0, start: 0, block: Vec::new() }
    }
}

/// Says of one row after the other whether a user was found for it.
pub(super) struct FoundRowsReader<'a> {
    file: &'a File,
    start: u64,
    block: Vec<u8>,
}

impl FoundRowsReader<'_> {
    /// Whether a user was found for this row.
    pub(super) fn contains(&mut self, row: u64) -> io::Result<bool> {
        if row < self.start || row - self.start >= self.block.len() as u64 {
            self.start = row;
            self.block.resize(BLOCK, 0);
            let count = read_most_at(self.file, &mut self.block, row)?;
            // Behind the end of the file nothing was noted.
            self.block[count..].fill(0);
        }
        let place = usize::try_from(row - self.start).unwrap_or(usize::MAX);
        Ok(self.block.get(place) == Some(&1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_there_and_nothing_else() {
        let rows = FoundRows::new(&std::env::temp_dir()).unwrap();
        for range in [3..5, 200_000..200_003, 70_000..70_001, 4..6] {
            rows.note(range).unwrap();
        }
        let mut reader = rows.read();
        let found: Vec<u64> = (0..300_000).filter(|row| reader.contains(*row).unwrap()).collect();
        assert_eq!(found, [3, 4, 5, 70_000, 200_000, 200_001, 200_002]);
        assert_eq!(rows.count().unwrap(), 7);
    }
}
