//! Finds records that claim what an earlier record of the same run has: the same address, name, number or id.
//!
//! Each record leaves an entry for each of its keys. Sorted, equal keys lie side by side, the earliest record first; what
//! is behind it are duplicates, and these are sorted once more, by where they stand. Nothing is compared while reading,
//! and nothing is kept in memory but the sorters' buffers.
//!
//! Keys are hashed to 96 bits with `SipHash` and a secret of the process: nobody can make two keys collide, and by chance that
//! happens among a billion keys once in a hundred billion runs.

use std::hash::Hasher;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::{SortedFile, Sorter};

/// Entries in memory while reading: 512 KiB, and as much for each thread that sorts.
const BUFFERED: usize = 512 * 1024 / ENTRY_BYTES;

/// Duplicates in memory once they are found; there are few.
const FOUND: usize = 64 * 1024 / ENTRY_BYTES;

/// Threads that look for duplicates in the end. Each reads ahead in all files.
const SEARCHERS: usize = 4;

const HASH_BYTES: usize = 12;
/// The input (2 bytes) and the record's number (5).
const RECORD_BYTES: usize = 7;
/// Line (5), offset (6), length (5), notes (4).
const REST_BYTES: usize = 20;
const ENTRY_BYTES: usize = HASH_BYTES + 1 + RECORD_BYTES + REST_BYTES;

/// While searching: hash, kind, record, rest. Once found: record, kind, the earlier record and its line, rest.
type Entry = [u8; ENTRY_BYTES];

/// A record, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Index of the input.
    pub input: u16,
    /// The record's number within it, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// What the caller wants to know again about a duplicate.
    pub notes: u32,
}

/// A record that has the same key as an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The later record.
    pub place: Place,
    /// Which kind of key it is.
    pub kind: u8,
    /// The earlier record. Only its input, number and line are known.
    pub first: Place,
}

/// Collects the keys of records, from all threads at once.
#[derive(Debug)]
pub struct DuplicateFinder {
    secret: [u8; 16],
    directory: PathBuf,
    sorter: Sorter<ENTRY_BYTES>,
}

/// Keys of some records, to be collected together.
#[derive(Debug, Default)]
pub struct Keys(Vec<Entry>);

impl DuplicateFinder {
    /// A finder that keeps what does not fit into memory in `directory`, in files without a name.
    pub fn new(directory: PathBuf) -> Self {
        let sorter = Sorter::new(BUFFERED, directory.clone());
        Self { secret: uuid::Uuid::new_v4().into_bytes(), directory, sorter }
    }

    /// Adds a key of a record. What counts is the key's bytes: whoever does not care for case folds it before.
    pub fn key(&self, keys: &mut Keys, place: &Place, kind: u8, key: &[u8]) {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write_u8(kind);
        hasher.write(key);
        let mut entry = Writer::default();
        entry.bytes(&hasher.finish128().as_bytes()[..HASH_BYTES]).number(u64::from(kind), 1).record(place).rest(place);
        keys.0.push(entry.done());
    }

    /// Collects keys.
    pub fn collect(&self, keys: &Keys) -> io::Result<()> {
        self.sorter.extend(&keys.0)
    }

    /// Sorts it all and hands out the duplicates, in the order of the inputs; of a record with several, the first kind.
    pub fn finish(self) -> io::Result<FoundDuplicates> {
        let keys = self.sorter.finish()?;
        let found = Sorter::new(FOUND, self.directory);
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(SEARCHERS);
        std::thread::scope(|scope| {
            let search = |part| search(keys.part(part, threads)?, &found);
            let others: Vec<_> = (1..threads).map(|part| scope.spawn(move || search(part))).collect();
            let failed = |_| Err(io::Error::other("a search for duplicates failed"));
            others.into_iter().map(|other| other.join().unwrap_or_else(failed)).fold(search(0), Result::and)
        })?;
        Ok(FoundDuplicates(found.finish()?))
    }
}

/// Finds the duplicates among entries in order.
fn search(keys: impl Iterator<Item = io::Result<Entry>>, found: &Sorter<ENTRY_BYTES>) -> io::Result<()> {
    let mut first: Option<Entry> = None;
    for entry in keys {
        let entry = entry?;
        match first.filter(|first| first[..=HASH_BYTES] == entry[..=HASH_BYTES]) {
            Some(first) => {
                let (place, earlier) = (place_of(&entry), place_of(&first));
                let mut duplicate = Writer::default();
                duplicate.record(&place).number(u64::from(entry[HASH_BYTES]), 1);
                duplicate.record(&earlier).number(earlier.line, 5).rest(&place);
                found.extend(&[duplicate.done()])?;
            }
            None => first = Some(entry),
        }
    }
    Ok(())
}

/// Duplicates that were found.
pub struct FoundDuplicates(super::Sorted<ENTRY_BYTES>);

impl FoundDuplicates {
    /// Goes through them.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<Duplicate>> {
        self.entries().map(|entry| entry.map(|entry| duplicate_of(&entry)))
    }

    /// Writes them into a new file, where they can be looked up.
    pub fn write(&self, file: std::fs::File) -> io::Result<Duplicates> {
        SortedFile::write(file, self.entries()).map(Duplicates)
    }

    /// One entry for each record.
    fn entries(&self) -> impl Iterator<Item = io::Result<Entry>> {
        let mut last = None;
        self.0.iter().filter(move |entry| {
            let record = entry.as_ref().ok().map(|entry| entry[..RECORD_BYTES].to_vec());
            let is_new = record.is_none() || record != last;
            last = record;
            is_new
        })
    }
}

/// The duplicates of a run, for looking up.
#[derive(Debug)]
pub struct Duplicates(SortedFile<ENTRY_BYTES>);

impl Duplicates {
    /// Opens a file that was written before.
    pub fn open(path: &std::path::Path) -> io::Result<Self> {
        SortedFile::open(path).map(Self)
    }

    /// What a record is a duplicate of, if it is one.
    pub fn find(&self, input: u16, number: u64) -> io::Result<Option<Duplicate>> {
        let mut key = Writer::default();
        key.record(&Place { input, number, ..Place::default() });
        Ok(self.0.find(&key.entry[..RECORD_BYTES])?.map(|entry| duplicate_of(&entry)))
    }
}

/// Puts an entry together.
struct Writer {
    entry: Entry,
    written: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self { entry: [0; ENTRY_BYTES], written: 0 }
    }
}

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.entry[self.written..self.written + bytes.len()].copy_from_slice(bytes);
        self.written += bytes.len();
        self
    }

    /// The last bytes of a number, the most significant first, so that order is kept. What does not fit is cut to the
    /// largest number that does: a terabyte of lines is not met.
    fn number(&mut self, number: u64, bytes: usize) -> &mut Self {
        let largest = u64::MAX >> (64 - 8 * bytes);
        let number = number.min(largest).to_be_bytes();
        self.bytes(&number[8 - bytes..])
    }

    fn record(&mut self, place: &Place) -> &mut Self {
        self.number(u64::from(place.input), 2).number(place.number, 5)
    }

    fn rest(&mut self, place: &Place) -> &mut Self {
        let Place { line, offset, length, notes, .. } = *place;
        self.number(line, 5).number(offset, 6).number(length, 5).number(u64::from(notes), 4)
    }

    fn done(&self) -> Entry {
        debug_assert_eq!(self.written, ENTRY_BYTES, "an entry is written as a whole");
        self.entry
    }
}

/// Takes an entry apart.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn number(&mut self, bytes: usize) -> u64 {
        let (number, rest) = self.0.split_at(bytes);
        self.0 = rest;
        number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn record(&mut self) -> Place {
        let input = u16::try_from(self.number(2)).unwrap_or(u16::MAX);
        Place { input, number: self.number(5), ..Place::default() }
    }

    fn rest(&mut self, place: Place) -> Place {
        let (line, offset, length) = (self.number(5), self.number(6), self.number(5));
        let notes = u32::try_from(self.number(4)).unwrap_or(u32::MAX);
        Place { line, offset, length, notes, ..place }
    }
}

/// The record of an entry while searching.
fn place_of(entry: &Entry) -> Place {
    let mut parts = Parts(&entry[HASH_BYTES + 1..]);
    let place = parts.record();
    parts.rest(place)
}

/// The duplicate of an entry once found.
fn duplicate_of(entry: &Entry) -> Duplicate {
    let mut parts = Parts(entry);
    let place = parts.record();
    let kind = u8::try_from(parts.number(1)).unwrap_or(u8::MAX);
    let first = parts.record();
    let first = Place { line: parts.number(5), ..first };
    Duplicate { place: parts.rest(place), kind, first }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn place(input: u16, number: u64) -> Place {
        let scattered = number.wrapping_mul(0x9E37_79B9) & 0xFF_FFFF;
        Place { input, number, line: number * 3, offset: number * 1000, length: scattered, notes: u32::from(input) + 7 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Against a map in memory, whatever the order in which threads deliver.
        #[test]
        fn exactly_the_later_records_of_each_key_are_found(
            records in proptest::collection::vec((0u8..40, 0u8..40), 1..300),
            order in any::<u64>(),
        ) {
            let finder = DuplicateFinder::new(std::env::temp_dir());
            let mut numbered: Vec<(u64, (u8, u8))> = (1..).zip(records).collect();
            let mut expected = HashMap::new();
            let mut seen: HashMap<(u8, u8), u64> = HashMap::new();
            for (number, (one, other)) in &numbered {
                for (kind, key) in [(2, *other), (1, *one)] {
                    let first = *seen.entry((kind, key)).or_insert(*number);
                    if first != *number {
                        expected.insert(*number, (kind, first));
                    }
                }
            }
            fastrand::Rng::with_seed(order).shuffle(&mut numbered);
            for some in numbered.chunks(7) {
                let mut keys = Keys::default();
                for (number, (one, other)) in some {
                    finder.key(&mut keys, &place(3, *number), 1, &[*one]);
                    finder.key(&mut keys, &place(3, *number), 2, &[*other]);
                }
                finder.collect(&keys).unwrap();
            }
            let found = finder.finish().unwrap();
            let listed: Vec<Duplicate> = found.iter().map(Result::unwrap).collect();
            prop_assert!(listed.is_sorted_by_key(|duplicate| duplicate.place.number));
            prop_assert_eq!(listed.len(), expected.len());
            let written = found.write(tempfile::tempfile().unwrap()).unwrap();
            for duplicate in &listed {
                let (kind, first) = expected[&duplicate.place.number];
                prop_assert_eq!(duplicate.place, place(3, duplicate.place.number));
                prop_assert_eq!((duplicate.kind, duplicate.first.number, duplicate.first.line), (kind, first, first * 3));
                prop_assert_eq!(written.find(3, duplicate.place.number).unwrap(), Some(*duplicate));
            }
            for (number, _) in &numbered {
                prop_assert_eq!(written.find(3, *number).unwrap().is_some(), expected.contains_key(number));
            }
        }
    }

    #[test]
    fn a_kind_of_key_is_not_another_one() {
        let finder = DuplicateFinder::new(std::env::temp_dir());
        let mut keys = Keys::default();
        finder.key(&mut keys, &place(0, 1), 1, b"ada");
        finder.key(&mut keys, &place(0, 2), 2, b"ada");
        finder.key(&mut keys, &place(1, 1), 1, b"ada");
        finder.collect(&keys).unwrap();
        let found: Vec<Duplicate> = finder.finish().unwrap().iter().map(Result::unwrap).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place.input, found[0].first.input, found[0].first.number), (1, 0, 1));
    }
}
