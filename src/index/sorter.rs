//! Sorts more entries than memory holds.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::merge::merge;
use super::sorted_file::{SortedFile, by_bytes};

/// This many sorted files are merged into one, so that few files are open at once.
const FAN_IN: usize = 64;

/// Takes entries in any order, from any thread, and returns them in order.
///
/// What does not fit into the buffer is spilled to files without a name, which end with the process. The thread that fills
/// the buffer sorts and writes it, while other threads fill the next one.
#[derive(Debug)]
pub struct Sorter<const N: usize> {
    buffer: Mutex<Vec<[u8; N]>>,
    capacity: usize,
    directory: PathBuf,
    /// The sorted files, by how many times their entries were merged.
    levels: Mutex<Vec<Vec<SortedFile<N>>>>,
}

impl<const N: usize> Sorter<N> {
    /// A sorter that holds this many entries in memory, and spills the others to `directory`.
    pub fn new(capacity: usize, directory: PathBuf) -> Self {
        Self { buffer: Mutex::default(), capacity, directory, levels: Mutex::default() }
    }

    /// Adds entries.
    pub fn extend(&self, mut entries: &[[u8; N]]) -> io::Result<()> {
        while !entries.is_empty() {
            let mut buffer = lock(&self.buffer);
            let free = self.capacity - buffer.len();
            buffer.reserve_exact(free);
            let (fitting, rest) = entries.split_at(entries.len().min(free));
            buffer.extend_from_slice(fitting);
            entries = rest;
            if buffer.len() == self.capacity {
                let full = std::mem::take(&mut *buffer);
                drop(buffer);
                self.spill(full)?;
            }
        }
        Ok(())
    }

    /// Sorts entries and writes them to the disk.
    fn spill(&self, mut entries: Vec<[u8; N]>) -> io::Result<()> {
        entries.sort_unstable_by(by_bytes);
        let mut file = SortedFile::write(self.temporary()?, entries.into_iter().map(Ok))?;
        for level in 0.. {
            let files = {
                let mut levels = lock(&self.levels);
                if levels.len() == level {
                    levels.push(Vec::new());
                }
                levels[level].push(file);
                if levels[level].len() < FAN_IN {
                    break;
                }
                std::mem::take(&mut levels[level])
            };
            let merged = merge(files.iter().map(SortedFile::entries)).map(|entry| entry.map(|(entry, _)| entry));
            file = SortedFile::write(self.temporary()?, merged)?;
        }
        Ok(())
    }

    fn temporary(&self) -> io::Result<std::fs::File> {
        tempfile::tempfile_in(&self.directory)
    }

    /// All entries, in order. If they always fitted into the buffer, they stay in memory.
    pub fn finish(self) -> io::Result<Sorted<N>> {
        let mut rest = std::mem::take(&mut *lock(&self.buffer));
        rest.sort_unstable_by(by_bytes);
        let levels = std::mem::take(&mut *lock(&self.levels));
        let mut files: Vec<_> = levels.into_iter().flatten().collect();
        // After a spill everything goes to the disk: reading the files needs the memory.
        if !files.is_empty() && !rest.is_empty() {
            let entries = std::mem::take(&mut rest).into_iter().map(Ok);
            files.push(SortedFile::write(self.temporary()?, entries)?);
        }
        Ok(Sorted { rest, files })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sorted entries.
pub struct Sorted<const N: usize> {
    /// All entries, or none if there are files.
    rest: Vec<[u8; N]>,
    files: Vec<SortedFile<N>>,
}

impl<const N: usize> Sorted<N> {
    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<[u8; N]>> {
        let merged = merge(self.files.iter().map(SortedFile::entries)).map(|entry| entry.map(|(entry, _)| entry));
        self.rest.iter().copied().map(Ok).chain(merged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn sorting_more_than_memory_holds_is_sorting(
            entries in proptest::collection::vec(any::<[u8; 3]>(), 0..5000),
            capacity in 1usize..40,
            together in 1usize..100,
            threads in 1usize..4,
        ) {
            let sorter = Sorter::new(capacity, std::env::temp_dir());
            std::thread::scope(|scope| {
                for some in entries.chunks(entries.len() / threads + 1) {
                    let sorter = &sorter;
                    scope.spawn(move || some.chunks(together).for_each(|some| sorter.extend(some).unwrap()));
                }
            });
            let sorted = sorter.finish().unwrap();
            prop_assert!(sorted.files.len() < 3 * FAN_IN);
            let found: Vec<[u8; 3]> = sorted.iter().map(Result::unwrap).collect();
            let mut expected = entries;
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
