//! A file of sorted entries of a fixed size: written once, then searched.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use super::fences::{Fences, WINDOW};
use super::positioned::{read_exact_at, sum_of_file};

/// How many entries are read at once when all are read.
const READ_AHEAD: usize = 128;

/// Entries of `N` bytes in ascending order.
#[derive(Debug)]
pub struct SortedFile<const N: usize> {
    file: File,
    count: u64,
    /// Made when something is sought for the first time.
    fences: OnceLock<Fences>,
}

impl<const N: usize> SortedFile<N> {
    /// Writes sorted entries into `file`, from its beginning.
    pub fn write(file: File, entries: impl Iterator<Item = io::Result<[u8; N]>>) -> io::Result<Self> {
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        let mut count = 0;
        for entry in entries {
            writer.write_all(&entry?)?;
            count += 1;
        }
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file, count, fences: OnceLock::new() })
    }

    /// Opens a file that [`Self::write`] wrote.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes % N as u64 != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the last entry is not whole"));
        }
        Ok(Self { file, count: bytes / N as u64, fences: OnceLock::new() })
    }

    /// The CRC-32 of all its bytes.
    pub fn sum(&self) -> io::Result<u32> {
        sum_of_file(&self.file, self.count * N as u64)
    }

    /// The number of entries.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All entries, in order.
    pub fn entries(&self) -> Entries<'_, N> {
        Entries { source: self, next: 0, end: self.count, buffer: Vec::new(), given: 0 }
    }

    /// The entries from the first one on that is not before `key`, in order.
    pub fn entries_from(&self, key: &[u8]) -> io::Result<Entries<'_, N>> {
        let places = self.fences()?.around(leading(key), self.count).places;
        let next = self.position(places, |entry| entry[..key.len()] < *key)?;
        Ok(Entries { source: self, next, end: self.count, buffer: Vec::new(), given: 0 })
    }

    /// Where the entries end of which this holds; that is within these places.
    fn position(&self, within: Range<u64>, is_before: impl Fn(&[u8; N]) -> bool) -> io::Result<u64> {
        let (mut low, mut high) = (within.start, within.end);
        while low < high {
            let middle = low.midpoint(high);
            let mut entry = [[0; N]];
            self.read(middle, &mut entry)?;
            if is_before(&entry[0]) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The first entry that begins with `key`.
    ///
    /// Between two fences the search guesses the place, as if keys were spread evenly. For hashes that takes one read, and a
    /// second one now and then among many millions of entries.
    pub fn find(&self, key: &[u8]) -> io::Result<Option<[u8; N]>> {
        let wanted = leading(key);
        let around = self.fences()?.around(wanted, self.count);
        let (mut low, mut high) = (around.places.start, around.places.end);
        let (mut low_key, mut high_key) = (around.keys.0, around.keys.1);
        let mut buffer = [[0; N]; WINDOW];
        let most = WINDOW as u64;
        for attempt in 0.. {
            if low >= high {
                return Ok(None);
            }
            let span = high - low;
            let guess = if attempt < 4 { between(wanted, low_key, high_key, span) } else { span / 2 };
            // The wanted entry may be before the guess, among entries with the same key.
            let start = if span <= most { low } else { low + guess.saturating_sub(most / 2).min(span - most) };
            let window = &mut buffer[..to_index(span.min(most))];
            self.read(start, window)?;
            let position = window.partition_point(|entry| entry[..key.len()] < *key);
            if position == window.len() {
                low = start + window.len() as u64;
                low_key = window.last().map_or(low_key, |entry| leading(entry));
            } else if position == 0 && start > low {
                high = start + 1;
                high_key = leading(&window[0]);
            } else {
                return Ok(window.get(position).copied().filter(|entry| entry.starts_with(key)));
            }
        }
        Ok(None)
    }

    /// The fences, which the first one who seeks something makes.
    fn fences(&self) -> io::Result<&Fences> {
        if let Some(fences) = self.fences.get() {
            return Ok(fences);
        }
        let made = Fences::of(self.count, |place| {
            let mut entry = [[0; N]];
            self.read(place, &mut entry)?;
            Ok(leading(&entry[0]))
        })?;
        Ok(self.fences.get_or_init(|| made))
    }

    /// Reads entries, beginning with number `start`.
    fn read(&self, start: u64, entries: &mut [[u8; N]]) -> io::Result<()> {
        read_exact_at(&self.file, entries.as_flattened_mut(), start * N as u64)
    }
}

/// The first bytes of a key as a number.
fn leading(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

/// How far into a span of entries a key is, if keys are spread evenly from `low` to `high`.
fn between(key: u64, low: u64, high: u64, span: u64) -> u64 {
    let (distance, range) = (u128::from(key.saturating_sub(low)), u128::from(high.saturating_sub(low)).max(1));
    u64::try_from(distance * u128::from(span) / range).unwrap_or(span).min(span)
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The entries of a file, in order.
pub struct Entries<'a, const N: usize> {
    source: &'a SortedFile<N>,
    next: u64,
    end: u64,
    buffer: Vec<[u8; N]>,
    given: usize,
}

impl<const N: usize> Iterator for Entries<'_, N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.given == self.buffer.len() {
            let left = self.end - self.next;
            self.buffer.resize(READ_AHEAD.min(to_index(left)), [0; N]);
            self.given = 0;
            if self.buffer.is_empty() {
                return None;
            }
            if let Err(error) = self.source.read(self.next, &mut self.buffer) {
                self.next = self.end;
                self.buffer.clear();
                return Some(Err(error));
            }
            self.next += self.buffer.len() as u64;
        }
        self.given += 1;
        Some(Ok(self.buffer[self.given - 1]))
    }
}

/// The order of entries. Usually their first bytes decide, and a single instruction compares those.
pub(super) fn by_bytes<const N: usize>(one: &[u8; N], other: &[u8; N]) -> Ordering {
    leading(one).cmp(&leading(other)).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn file(entries: &BTreeMap<[u8; 4], u8>) -> SortedFile<5> {
        let entries = entries.iter().map(|([a, b, c, d], value)| Ok([*a, *b, *c, *d, *value]));
        SortedFile::write(tempfile::tempfile().unwrap(), entries).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_was_written_is_found_and_nothing_else(
            mut entries in proptest::collection::btree_map(any::<[u8; 4]>(), any::<u8>(), 0..3000),
            crowded in 0u32..2000,
            others in proptest::collection::vec(any::<[u8; 4]>(), 50),
        ) {
            // Keys that are not spread evenly.
            entries.extend((0..crowded).map(|number| (number.to_be_bytes(), 1)));
            let file = file(&entries);
            prop_assert_eq!(file.len(), entries.len() as u64);
            prop_assert_eq!(file.entries().count(), entries.len());
            for (key, value) in &entries {
                prop_assert_eq!(file.find(key).unwrap().map(|entry| entry[4]), Some(*value));
            }
            for key in &others {
                let from = file.entries_from(key).unwrap().map(|entry| entry.unwrap()[4]);
                prop_assert!(from.eq(entries.range(*key..).map(|(_, value)| *value)));
            }
            for key in &others {
                prop_assert_eq!(file.find(key).unwrap().map(|entry| entry[4]), entries.get(key).copied());
            }
        }
    }

    #[test]
    fn the_first_of_many_entries_with_one_key_is_found() {
        let entries = (0..10_000u16).map(|number| Ok([7, number.to_be_bytes()[0], number.to_be_bytes()[1]]));
        let file = SortedFile::write(tempfile::tempfile().unwrap(), entries).unwrap();
        assert_eq!(file.find(&[7]).unwrap(), Some([7, 0, 0]));
        assert_eq!(file.find(&[6]).unwrap(), None);
        assert_eq!(file.find(&[8]).unwrap(), None);
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sorted");
        std::fs::write(&path, [1, 2, 3, 4]).unwrap();
        assert!(SortedFile::<3>::open(&path).is_err());
        assert_eq!(SortedFile::<2>::open(&path).unwrap().len(), 2);
    }
}
