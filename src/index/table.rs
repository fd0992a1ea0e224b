//! A set for more entries than memory holds, in which adding and looking up alternate.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use super::merge::merge;
use super::sorted_file::SortedFile;

/// This many sorted files are merged into one, because a look-up searches each file.
const FAN_IN: usize = 8;

/// A growing set of entries on disk.
///
/// The newest entries are in memory, the others in files without a name, which end with the process. An entry that is added
/// twice is in the set once.
#[derive(Debug)]
pub struct Table<const N: usize> {
    newest: BTreeSet<[u8; N]>,
    capacity: usize,
    directory: PathBuf,
    /// The sorted files, by how many times their entries were merged.
    levels: Vec<Vec<SortedFile<N>>>,
}

impl<const N: usize> Table<N> {
    /// A table that holds this many entries in memory, and spills the others to `directory`.
    pub fn new(capacity: usize, directory: PathBuf) -> Self {
        Self { newest: BTreeSet::new(), capacity, directory, levels: Vec::new() }
    }

    /// Adds an entry.
    pub fn insert(&mut self, entry: [u8; N]) -> io::Result<()> {
        self.newest.insert(entry);
        if self.newest.len() < self.capacity { Ok(()) } else { self.spill() }
    }

    /// The first entry that begins with `key`.
    pub fn find(&self, key: &[u8]) -> io::Result<Option<[u8; N]>> {
        let mut least = [0; N];
        least[..key.len()].copy_from_slice(key);
        let mut first = self.newest.range(least..).next().copied().filter(|entry| entry.starts_with(key));
        for file in self.levels.iter().flatten() {
            first = [first, file.find(key)?].into_iter().flatten().min();
        }
        Ok(first)
    }

    /// Writes the newest entries to the disk.
    fn spill(&mut self) -> io::Result<()> {
        let newest = std::mem::take(&mut self.newest);
        let mut file = self.write(newest.into_iter().map(Ok))?;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(file);
            if self.levels[level].len() < FAN_IN {
                break;
            }
            let files = std::mem::take(&mut self.levels[level]);
            let mut last = None;
            let merged = merge(files.iter().map(SortedFile::entries)).map(|entry| entry.map(|(entry, _)| entry));
            file = self.write(merged.filter(|entry| match entry {
                Ok(entry) => last.replace(*entry) != Some(*entry),
                Err(_) => true,
            }))?;
        }
        Ok(())
    }

    fn write(&self, entries: impl Iterator<Item = io::Result<[u8; N]>>) -> io::Result<SortedFile<N>> {
        SortedFile::write(tempfile::tempfile_in(&self.directory)?, entries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn it_behaves_like_a_set_in_memory(
            entries in proptest::collection::vec(any::<[u8; 3]>(), 0..3000),
            capacity in 1usize..40,
            sought in proptest::collection::vec(any::<[u8; 2]>(), 20),
        ) {
            let mut table = Table::new(capacity, std::env::temp_dir());
            let mut expected = BTreeSet::new();
            for (number, entry) in entries.iter().enumerate() {
                table.insert(*entry).unwrap();
                expected.insert(*entry);
                if number % 100 == 0 {
                    prop_assert_eq!(table.find(entry).unwrap(), Some(*entry));
                }
            }
            for key in entries.iter().map(|entry| [entry[0], entry[1]]).chain(sought) {
                let first = expected.range([key[0], key[1], 0]..).next().copied();
                prop_assert_eq!(table.find(&key).unwrap(), first.filter(|entry| entry.starts_with(&key)));
            }
            // Repeated entries are kept once, and few files are open.
            prop_assert!(table.levels.iter().all(|level| level.len() < FAN_IN));
            prop_assert!(table.newest.len() <= capacity);
        }
    }
}
