//! The duplicates of a run: after the search, and in the file in which the run keeps them.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use super::duplicate::{Duplicate, DuplicateEntry, ENTRY_BYTES, duplicate_of, kept, kept_duplicate};
use super::record_place::{RECORD_BYTES, RecordPlace, Writer};
use super::{Sorted, SortedFile};

/// The duplicates of a run.
pub struct FoundDuplicates(Sorted<ENTRY_BYTES>);

impl FoundDuplicates {
    /// The duplicates with these sorted entries.
    pub(super) fn of(entries: Sorted<ENTRY_BYTES>) -> Self {
        Self(entries)
    }

    /// All duplicates, in the order of the inputs.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<Duplicate>> {
        self.entries().map(|entry| entry.map(|entry| duplicate_of(&entry)))
    }

    /// Writes them into a new file, where they can be looked up.
    pub fn write(&self, file: File) -> io::Result<Duplicates> {
        let kept = self.entries().map(|entry| entry.map(|entry| kept(&duplicate_of(&entry))));
        SortedFile::write(file, kept).map(Duplicates)
    }

    /// The CRC-32 of the file that [`Self::write`] writes.
    pub fn sum(&self) -> io::Result<u32> {
        let mut sum = crc32fast::Hasher::new();
        for duplicate in self.iter() {
            sum.update(&kept(&duplicate?));
        }
        Ok(sum.finalize())
    }

    /// One entry for each record.
    fn entries(&self) -> impl Iterator<Item = io::Result<DuplicateEntry>> {
        let mut last = None;
        self.0.iter().filter(move |entry| {
            let record = entry.as_ref().ok().and_then(|entry| entry.first_chunk::<RECORD_BYTES>().copied());
            let is_new = record.is_none() || record != last;
            last = record;
            is_new
        })
    }
}

/// The duplicates of a run in a file, where they can be looked up.
#[derive(Debug)]
pub struct Duplicates(SortedFile<ENTRY_BYTES>);

impl Duplicates {
    /// Opens a file that [`FoundDuplicates::write`] wrote.
    pub fn open(path: &Path) -> io::Result<Self> {
        SortedFile::open(path).map(Self)
    }

    /// The CRC-32 of the whole file.
    pub fn sum(&self) -> io::Result<u32> {
        self.0.sum()
    }

    /// The duplicate of this record, if it has a key in common with another record.
    pub fn find(&self, input: u16, number: u64) -> io::Result<Option<Duplicate>> {
        Ok(self.0.find(&key_of(input, number))?.map(|entry| kept_duplicate(&entry)))
    }

    /// The first duplicate in the order of the inputs that is not before this record.
    pub fn first_from(&self, input: u16, number: u64) -> io::Result<Option<RecordPlace>> {
        Ok(self.from(input, number)?.next().transpose()?.map(|duplicate| duplicate.place))
    }

    /// The duplicates among these records of an input, in their order.
    pub fn among(&self, input: u16, numbers: RangeInclusive<u64>) -> io::Result<Vec<Duplicate>> {
        let mut found = Vec::new();
        for duplicate in self.from(input, *numbers.start())? {
            let duplicate = duplicate?;
            if duplicate.place.input != input || duplicate.place.number > *numbers.end() {
                break;
            }
            found.push(duplicate);
        }
        Ok(found)
    }

    /// All duplicates, in the order of the inputs.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<Duplicate>> {
        self.0.entries().map(|entry| entry.map(|entry| kept_duplicate(&entry)))
    }

    /// The duplicates from this record of an input on, in the order of the inputs.
    fn from(&self, input: u16, number: u64) -> io::Result<impl Iterator<Item = io::Result<Duplicate>>> {
        Ok(self.0.entries_from(&key_of(input, number))?.map(|entry| entry.map(|entry| kept_duplicate(&entry))))
    }
}

/// What the entry of a record begins with.
fn key_of(input: u16, number: u64) -> [u8; RECORD_BYTES] {
    let mut key = Writer::<RECORD_BYTES>::default();
    key.record(&RecordPlace { input, number, ..RecordPlace::default() });
    key.done()
}
