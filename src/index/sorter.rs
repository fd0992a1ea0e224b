//! Sorts more entries than memory holds.

use std::io;
use std::path::PathBuf;

use super::sorted_file::{SortedFile, merge};

/// Sorted files that are merged into one when there are as many, so that few are open at once.
const FAN_IN: usize = 64;

/// Takes entries in any order and gives them back in order.
///
/// What does not fit the buffer lies in files without a name, which are gone with the process however it ends.
#[derive(Debug)]
pub struct Sorter<const N: usize> {
    buffer: Vec<[u8; N]>,
    capacity: usize,
    directory: PathBuf,
    /// Sorted files by how often their entries were merged.
    levels: Vec<Vec<SortedFile<N>>>,
}

impl<const N: usize> Sorter<N> {
    /// A sorter that keeps this many entries in memory, and the others in `directory`.
    pub fn new(capacity: usize, directory: PathBuf) -> Self {
        Self { buffer: Vec::with_capacity(capacity), capacity, directory, levels: Vec::new() }
    }

    /// Takes an entry.
    pub fn push(&mut self, entry: [u8; N]) -> io::Result<()> {
        self.buffer.push(entry);
        if self.buffer.len() < self.capacity { Ok(()) } else { self.spill() }
    }

    /// Moves the buffer to the disk.
    fn spill(&mut self) -> io::Result<()> {
        self.buffer.sort_unstable();
        let file = SortedFile::write(self.temporary()?, self.buffer.drain(..).map(Ok))?;
        self.add(0, file)
    }

    fn add(&mut self, level: usize, file: SortedFile<N>) -> io::Result<()> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(file);
        if self.levels[level].len() < FAN_IN {
            return Ok(());
        }
        let files = std::mem::take(&mut self.levels[level]);
        let merged = merge(files.iter().map(SortedFile::entries)).map(|entry| entry.map(|(entry, _)| entry));
        let merged = SortedFile::write(self.temporary()?, merged)?;
        drop(files);
        self.add(level + 1, merged)
    }

    fn temporary(&self) -> io::Result<std::fs::File> {
        tempfile::tempfile_in(&self.directory)
    }

    /// All entries, to be gone through in order.
    pub fn finish(mut self) -> io::Result<Sorted<N>> {
        self.buffer.sort_unstable();
        Ok(Sorted { rest: self.buffer, files: self.levels.into_iter().flatten().collect() })
    }
}

/// Entries that were sorted.
pub struct Sorted<const N: usize> {
    rest: Vec<[u8; N]>,
    files: Vec<SortedFile<N>>,
}

impl<const N: usize> Sorted<N> {
    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.rest.len() as u64 + self.files.iter().map(SortedFile::len).sum::<u64>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes through them in order.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<[u8; N]>> {
        type Source<'a, const N: usize> = Box<dyn Iterator<Item = io::Result<[u8; N]>> + 'a>;
        let files = self.files.iter().map(|file| Box::new(file.entries()) as Source<'_, N>);
        let rest = Box::new(self.rest.iter().copied().map(Ok)) as Source<'_, N>;
        merge(files.chain([rest])).map(|entry| entry.map(|(entry, _)| entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn sorting_beyond_memory_is_sorting(entries in proptest::collection::vec(any::<[u8; 3]>(), 0..5000), capacity in 1usize..40) {
            let mut sorter = Sorter::new(capacity, std::env::temp_dir());
            for entry in &entries {
                sorter.push(*entry).unwrap();
            }
            let sorted = sorter.finish().unwrap();
            prop_assert_eq!(sorted.len(), entries.len() as u64);
            prop_assert!(sorted.files.len() < 3 * FAN_IN);
            let found: Vec<[u8; 3]> = sorted.iter().map(Result::unwrap).collect();
            let mut expected = entries;
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
