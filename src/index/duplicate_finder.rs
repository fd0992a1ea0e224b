//! Finds records that claim what an earlier record of the same run has: the same address, name, number or id.
//!
//! Each record adds an entry for each of its keys. After sorting, equal keys are side by side. Keys that several records
//! have are then handled in the order of the records ([`super::claims`]), because only a record that is not a duplicate
//! itself can make another record its duplicate. Nothing is compared during reading, and only the buffers of the sorters are
//! in memory.
//!
//! Keys are hashed to 96 bits with `SipHash` and a secret of the process, or of the file in which they are kept. Nobody can make two
//! keys collide; by chance, two among a billion keys collide once in a hundred billion runs.

use std::hash::Hasher;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip128::{Hasher128, SipHasher24};

use super::Sorter;
use super::claims::{self, MEMBER_BYTES, Slots};
use super::duplicate::{BESIDE, ENTRY_BYTES, HASH_BYTES};
use super::duplicates::FoundDuplicates;
use super::keys::{KEY_BYTES, Keys, Places, WrittenPlaces};

/// The number of entries in memory during reading: 512 KiB, and as much for each thread that sorts.
const BUFFERED: usize = 512 * 1024 / KEY_BYTES;

/// The number of entries in memory for records that have a key in common with others. Usually there are few.
const MEMBERS: usize = 256 * 1024 / MEMBER_BYTES;

/// The number of duplicates in memory after the search. There are few.
const FOUND: usize = 64 * 1024 / ENTRY_BYTES;

/// The number of threads that search for repeated keys. Each reads ahead in all files.
const SEARCHERS: usize = 4;

/// Collects the keys of records, from all threads at once.
#[derive(Debug)]
pub struct DuplicateFinder {
    secret: [u8; 16],
    directory: PathBuf,
    sorter: Sorter<KEY_BYTES>,
    places: Places,
}

impl DuplicateFinder {
    /// A finder that spills to `directory`, into files without a name.
    pub fn new(directory: PathBuf) -> Self {
        Self::with_secret(directory, uuid::Uuid::new_v4().into_bytes())
    }

    /// The same with a secret that an earlier finder had: keys that it hashed are the same here.
    pub fn with_secret(directory: PathBuf, secret: [u8; 16]) -> Self {
        let sorter = Sorter::new(BUFFERED, directory.clone());
        let places = Places::new(directory.clone());
        Self { secret, directory, sorter, places }
    }

    /// Adds a key of the last record that only one record may have. The bytes of the key are compared, so the caller gives it in a
    /// normal form.
    pub fn claim(&self, keys: &mut Keys, kind: u8, key: &[u8]) {
        self.add(keys, (kind, 0), key);
    }

    /// Adds a key of the last record that other records may have, too. It makes no record a duplicate.
    pub fn beside(&self, keys: &mut Keys, kind: u8, key: &[u8]) {
        self.add(keys, (kind, BESIDE), key);
    }

    fn add(&self, keys: &mut Keys, (kind, beside): (u8, u8), key: &[u8]) {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write_u8(kind);
        hasher.write(key);
        let hash = hasher.finish128().as_bytes();
        keys.add_hashed(&std::array::from_fn(|index| if index < HASH_BYTES { hash[index] } else { kind | beside }));
    }

    /// Collects the keys of some records.
    pub fn collect(&self, keys: Keys) -> io::Result<()> {
        self.sorter.extend(&keys.numbered(&self.places)?)
    }

    /// Sorts all keys and returns the duplicates, in the order of the inputs. A record with several keys in common is
    /// returned with the first kind.
    pub fn finish(self) -> io::Result<FoundDuplicates> {
        let (keys, places) = (self.sorter.finish()?, self.places.finish());
        let members = Sorter::new(MEMBERS, self.directory.clone());
        let slots = AtomicU64::new(0);
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(SEARCHERS);
        std::thread::scope(|scope| {
            let search = |part| search(keys.part(part, threads)?, &places, &members, &slots);
            let others: Vec<_> = (1..threads).map(|part| scope.spawn(move || search(part))).collect();
            let failed = |_| Err(io::Error::other("a search for duplicates failed"));
            others.into_iter().map(|other| other.join().unwrap_or_else(failed)).fold(search(0), Result::and)
        })?;
        drop(keys);
        let found = Sorter::new(FOUND, self.directory.clone());
        let slots = Slots::new(&self.directory, slots.into_inner())?;
        claims::settle_claims(members.finish()?.iter(), &slots, &found)?;
        Ok(FoundDuplicates::of(found.finish()?))
    }
}

/// Finds the keys that several entries have, among sorted entries, and gives each such key a slot.
fn search(
    keys: impl Iterator<Item = io::Result<[u8; KEY_BYTES]>>,
    places: &WrittenPlaces,
    members: &Sorter<MEMBER_BYTES>,
    slots: &AtomicU64,
) -> io::Result<()> {
    let mut first: Option<([u8; KEY_BYTES], Option<u64>)> = None;
    let add = |key: &[u8; KEY_BYTES], slot| members.extend(&[claims::member(key[HASH_BYTES], &places.of(key)?, slot)]);
    for entry in keys {
        let entry = entry?;
        match &mut first {
            Some((of, slot)) if of[..HASH_BYTES] == entry[..HASH_BYTES] => {
                let is_second = slot.is_none();
                let slot = *slot.get_or_insert_with(|| slots.fetch_add(1, Ordering::Relaxed));
                if is_second {
                    add(of, slot)?;
                }
                add(&entry, slot)?;
            }
            _ => first = Some((entry, None)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::index::{Duplicate, Meaning, RecordPlace};

    fn place(input: u16, number: u64) -> RecordPlace {
        let scattered = number.wrapping_mul(0x9E37_79B9) & 0xFF_FFFF;
        RecordPlace {
            input,
            number,
            line: number * 3,
            offset: number * 1000,
            length: scattered,
            notes: (1 << 39) + u64::from(input),
        }
    }

    /// The keys of one record: two that it claims, and some that others may have, too.
    type Record = (u8, u8, Vec<u8>);

    /// What is expected, computed in memory: for each record, what it has in common with which other record.
    fn expected(records: &[(u64, Record)]) -> BTreeMap<u64, (Meaning, u8, u64)> {
        let (mut claimants, mut holders, mut found) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (number, (one, other, beside)) in records {
            let claims = [(1, *one), (2, *other)];
            if let Some((kind, first)) =
                claims.iter().find_map(|key| claimants.get(key).map(|first: &u64| (key.0, *first)))
            {
                found.insert(*number, (Meaning::Taken, kind, first));
                continue;
            }
            claimants.extend(claims.map(|key| (key, *number)));
            for key in claims.into_iter().chain(beside.iter().map(|key| (2, *key))) {
                let holder: u64 = *holders.entry(key).or_insert(*number);
                if holder != *number {
                    for (record, other) in [(*number, holder), (holder, *number)] {
                        let expected = found.entry(record).or_insert((Meaning::Shared, key.0, other));
                        if (key.0, other) < (expected.1, expected.2) {
                            *expected = (Meaning::Shared, key.0, other);
                        }
                    }
                }
            }
        }
        found
    }

    fn finder_of(records: &[(u64, Record)]) -> DuplicateFinder {
        let finder = DuplicateFinder::new(std::env::temp_dir());
        for some in records.chunks(7) {
            let mut keys = Keys::default();
            for (number, (one, other, beside)) in some {
                keys.record(&place(3, *number));
                finder.claim(&mut keys, 1, &[*one]);
                finder.claim(&mut keys, 2, &[*other]);
                for key in beside {
                    finder.beside(&mut keys, 2, &[*key]);
                }
            }
            finder.collect(keys).unwrap();
        }
        finder
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Compares with a map in memory, for every order in which threads may deliver records.
        #[test]
        fn exactly_the_records_with_a_key_that_an_earlier_one_claims_are_duplicates(
            records in proptest::collection::vec((0u8..40, 0u8..40, proptest::collection::vec(0u8..60, 0..3)), 1..200),
            order in any::<u64>(),
        ) {
            let mut numbered: Vec<(u64, Record)> = (1..).zip(records).collect();
            let expected = expected(&numbered);
            fastrand::Rng::with_seed(order).shuffle(&mut numbered);
            let found = finder_of(&numbered).finish().unwrap();
            let listed: Vec<Duplicate> = found.iter().map(Result::unwrap).collect();
            prop_assert!(listed.is_sorted_by_key(|duplicate| duplicate.place.number));
            prop_assert_eq!(listed.len(), expected.len());
            let written = found.write(tempfile::tempfile().unwrap()).unwrap();
            let kept = |duplicate: &Duplicate| Duplicate { place: RecordPlace { notes: 0, ..duplicate.place }, ..*duplicate };
            prop_assert!(written.iter().map(Result::unwrap).eq(listed.iter().map(kept)));
            for duplicate in &listed {
                let (meaning, kind, first) = expected[&duplicate.place.number];
                prop_assert_eq!(duplicate.place, place(3, duplicate.place.number));
                let found = (duplicate.meaning, duplicate.kind, duplicate.first.number, duplicate.first.line);
                prop_assert_eq!(found, (meaning, kind, first, first * 3));
                prop_assert_eq!(written.find(3, duplicate.place.number).unwrap(), Some(kept(duplicate)));
            }
            for (number, _) in &numbered {
                prop_assert_eq!(written.find(3, *number).unwrap().is_some(), expected.contains_key(number));
            }
        }
    }

    #[test]
    fn equal_keys_of_different_kinds_make_no_duplicate() {
        let finder = DuplicateFinder::new(std::env::temp_dir());
        let mut keys = Keys::default();
        keys.record(&place(0, 1));
        finder.claim(&mut keys, 1, b"ada");
        keys.record(&place(0, 2));
        finder.claim(&mut keys, 2, b"ada");
        keys.record(&place(1, 1));
        finder.claim(&mut keys, 1, b"ada");
        finder.collect(keys).unwrap();
        let found: Vec<Duplicate> = finder.finish().unwrap().iter().map(Result::unwrap).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place.input, found[0].first.input, found[0].first.number), (1, 0, 1));
    }

    /// Each record has one key of the record before it and one of the record after it: every second record stays.
    #[test]
    fn a_chain_that_goes_through_the_whole_input_is_cut_at_every_other_record() {
        const LENGTH: u64 = 100_000;
        let finder = DuplicateFinder::new(std::env::temp_dir());
        for number in 1..=LENGTH {
            let mut keys = Keys::default();
            let (one, other) = (number / 2, number.div_ceil(2));
            keys.record(&place(0, number));
            finder.claim(&mut keys, 1, &one.to_be_bytes());
            finder.claim(&mut keys, 2, &other.to_be_bytes());
            finder.collect(keys).unwrap();
        }
        let found = finder.finish().unwrap();
        let pairs: Vec<(u64, u64)> =
            found.iter().map(Result::unwrap).map(|found| (found.place.number, found.first.number)).collect();
        let expected = (1..=LENGTH / 2).map(|half| (2 * half, 2 * half - 1));
        assert!(pairs.into_iter().eq(expected));
    }
}
