//! The keys of records on their way to the search for duplicates, and the places of the records.
//!
//! A record has several keys, and nearly all of them are its own. So what is sorted is small: a key has only the number of
//! its record. Where that is lies in a file beside, in the order in which records came, and is read for records that have a key
//! in common with another one.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::duplicate::HASH_BYTES;
use super::record_place::{RECORD_BYTES, REST_BYTES, RecordPlace, Writer};
use super::{read_exact_at, write_all_at};

/// The number of a record, in the order in which records came.
const NUMBER_BYTES: usize = 6;

/// During the search: hash, kind with its bits, number of the record.
pub(super) const KEY_BYTES: usize = HASH_BYTES + 1 + NUMBER_BYTES;

/// How many places are in memory at most, but for those of one chunk: 256 KiB.
const BUFFERED: usize = 256 * 1024 / size_of::<PlaceBytes>();

/// How many keys a user has, mostly.
const USUAL: usize = 6;

/// A key without its record: its hash under the secret of its finder, and its kind with the bits that say how it is claimed.
pub type HashedKey = [u8; HASH_BYTES + 1];

/// Record, rest.
pub(super) type PlaceBytes = [u8; RECORD_BYTES + REST_BYTES];

/// The keys of some records, collected together.
#[derive(Debug, Default)]
pub struct Keys {
    places: Vec<PlaceBytes>,
    /// With the number of the record among these.
    keys: Vec<[u8; KEY_BYTES]>,
}

impl Keys {
    /// No keys yet, with room for those that so many users have.
    pub fn of_records(records: usize) -> Self {
        Self { places: Vec::with_capacity(records), keys: Vec::with_capacity(USUAL * records) }
    }

    /// Begins a record, whose keys follow.
    pub fn record(&mut self, place: &RecordPlace) {
        self.places.push(Writer::default().record(place).rest(place).done());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// The keys from number `first` on, without their records.
    pub fn hashed(&self, first: usize) -> impl Iterator<Item = HashedKey> {
        self.keys[first..].iter().map(|key| std::array::from_fn(|index| key[index]))
    }

    /// Adds a key of the last record that a finder with the same secret had hashed.
    pub fn add_hashed(&mut self, key: &HashedKey) {
        let number = self.places.len().saturating_sub(1) as u64;
        self.keys.push(Writer::default().bytes(key).number(number, NUMBER_BYTES).done());
    }

    /// The keys with the numbers that their records have among all, once `places` has those.
    pub(super) fn numbered(mut self, places: &Places) -> io::Result<Vec<[u8; KEY_BYTES]>> {
        let first = places.append(&self.places)?;
        for key in &mut self.keys {
            let all = (first + number(key)).to_be_bytes();
            key[HASH_BYTES + 1..].copy_from_slice(&all[all.len() - NUMBER_BYTES..]);
        }
        Ok(self.keys)
    }
}

/// The number of the record of a key.
fn number(key: &[u8; KEY_BYTES]) -> u64 {
    key[HASH_BYTES + 1..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The places of all records. Those of a small input stay in memory; others go to a file that has no name and ends with the process.
#[derive(Debug)]
pub(super) struct Places {
    directory: PathBuf,
    all: Mutex<WrittenPlaces>,
}

/// Places, in the order in which the records came: first those in the file, then those in memory.
#[derive(Debug, Default)]
pub(super) struct WrittenPlaces {
    file: Option<File>,
    /// How many are in the file.
    in_file: u64,
    last: Vec<PlaceBytes>,
}

impl Places {
    /// None yet.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, all: Mutex::default() }
    }

    /// Adds some, and returns the number of the first one.
    fn append(&self, places: &[PlaceBytes]) -> io::Result<u64> {
        let all = &mut *self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let first = all.in_file + all.last.len() as u64;
        all.last.extend_from_slice(places);
        if all.last.len() >= BUFFERED {
            let file = match &mut all.file {
                Some(file) => file,
                none => none.insert(tempfile::tempfile_in(&self.directory)?),
            };
            write_all_at(file, all.last.as_flattened(), all.in_file * size_of::<PlaceBytes>() as u64)?;
            all.in_file += all.last.len() as u64;
            all.last.clear();
        }
        Ok(first)
    }

    /// All of them, to be read.
    pub(super) fn finish(self) -> WrittenPlaces {
        self.all.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WrittenPlaces {
    /// The place of the record of a key.
    pub(super) fn of(&self, key: &[u8; KEY_BYTES]) -> io::Result<PlaceBytes> {
        let number = number(key);
        if let Some(behind) = number.checked_sub(self.in_file) {
            let place = usize::try_from(behind).ok().and_then(|behind| self.last.get(behind));
            return place.copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
        let mut place = [0; _];
        let file = self.file.as_ref().ok_or(io::ErrorKind::UnexpectedEof)?;
        read_exact_at(file, &mut place, number * size_of::<PlaceBytes>() as u64)?;
        Ok(place)
    }
}
