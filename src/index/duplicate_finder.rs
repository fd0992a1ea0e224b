//! Finds records that claim what an earlier record of the same run has: the same address, name, number or id.
//!
//! Each record adds an entry for each of its keys, and equal keys get into the same bucket ([`super::buckets`]). Keys that
//! several records have ([`super::repeated_keys`]) are then handled in the order of the records ([`super::claims`]), because
//! only a record that is not a duplicate itself can make another record its duplicate. Nothing is compared during reading, and
//! only a block of each bucket is in memory.
//!
//! Keys are hashed to 96 bits with SipHash-1-3 and a secret of the process, or of the file in which they are kept. Nobody can make
//! two keys collide; by chance, two among a billion keys collide once in a hundred billion runs.

use std::hash::Hasher;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use siphasher::sip128::{Hash128, Hasher128, SipHasher13};

use super::Sorter;
use super::buckets::Buckets;
use super::claims::{self, MEMBER_BYTES, Slots};
use super::duplicate::{BESIDE, ENTRY_BYTES, HASH_BYTES};
use super::duplicates::FoundDuplicates;
use super::keys::{Keys, Places};
use super::repeated_keys::{HELD, RepeatedKeys};

/// The number of entries in memory for records that have a key in common with others. Usually there are few.
const MEMBERS: usize = 256 * 1024 / MEMBER_BYTES;

/// The number of duplicates in memory after the search. There are few.
const FOUND: usize = 64 * 1024 / ENTRY_BYTES;

/// Kind and key up to this many bytes are hashed in one go, as nearly all are.
const SHORT: usize = 128;

/// Collects the keys of records, from all threads at once.
#[derive(Debug)]
pub struct DuplicateFinder {
    /// It has the secret, and nothing else yet.
    hasher: SipHasher13,
    directory: PathBuf,
    keys: Mutex<Buckets>,
    places: Places,
    /// The most keys that a thread of the search holds.
    held: u64,
}

impl DuplicateFinder {
    /// A finder that spills to `directory`, into files without a name.
    pub fn new(directory: PathBuf) -> Self {
        Self::with_secret(directory, uuid::Uuid::new_v4().into_bytes())
    }

    /// The same with a secret that an earlier finder had: keys that it hashed are the same here.
    pub fn with_secret(directory: PathBuf, secret: [u8; 16]) -> Self {
        let keys = Mutex::new(Buckets::new(0, directory.clone()));
        let places = Places::new(directory.clone());
        Self { hasher: SipHasher13::new_with_key(&secret), directory, keys, places, held: HELD }
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
        let hash = self.hash(kind, key).as_bytes();
        keys.add_hashed(&std::array::from_fn(|index| if index < HASH_BYTES { hash[index] } else { kind | beside }));
    }

    /// The hash of the kind and behind it the key. In one piece they are taken eight bytes at a time.
    fn hash(&self, kind: u8, key: &[u8]) -> Hash128 {
        let mut piece = [kind; SHORT];
        if let Some(behind) = piece.get_mut(1..=key.len()) {
            behind.copy_from_slice(key);
            return self.hasher.hash(&piece[..=key.len()]);
        }
        let mut hasher = self.hasher;
        hasher.write_u8(kind);
        hasher.write(key);
        hasher.finish128()
    }

    /// Collects the keys of some records.
    pub fn collect(&self, keys: Keys) -> io::Result<()> {
        let keys = keys.numbered(&self.places)?;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).extend(&keys)
    }

    /// Returns the duplicates, in the order of the inputs. A record with several keys in common is returned with the first kind.
    pub fn finish(self) -> io::Result<FoundDuplicates> {
        let Self { directory, keys, places, held, .. } = self;
        let (keys, places) = (keys.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?, places.finish());
        let members = Sorter::new(MEMBERS, directory.clone());
        let repeated = RepeatedKeys::new(&directory, &places, &members, held);
        repeated.find(&keys)?;
        drop(keys);
        let found = Sorter::new(FOUND, directory.clone());
        let slots = Slots::new(&directory, repeated.count())?;
        claims::settle_claims(members.finish()?.iter(), &slots, &found)?;
        Ok(FoundDuplicates::of(found.finish()?))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::index::{Duplicate, DuplicateMeaning, RecordPlace};

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
    fn expected(records: &[(u64, Record)]) -> BTreeMap<u64, (DuplicateMeaning, u8, u64)> {
        let (mut claimants, mut holders, mut found) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (number, (one, other, beside)) in records {
            let claims = [(1, *one), (2, *other)];
            if let Some((kind, first)) =
                claims.iter().find_map(|key| claimants.get(key).map(|first: &u64| (key.0, *first)))
            {
                found.insert(*number, (DuplicateMeaning::Taken, kind, first));
                continue;
            }
            claimants.extend(claims.map(|key| (key, *number)));
            for key in claims.into_iter().chain(beside.iter().map(|key| (2, *key))) {
                let holder: u64 = *holders.entry(key).or_insert(*number);
                if holder != *number {
                    for (record, other) in [(*number, holder), (holder, *number)] {
                        let expected = found.entry(record).or_insert((DuplicateMeaning::Shared, key.0, other));
                        if (key.0, other) < (expected.1, expected.2) {
                            *expected = (DuplicateMeaning::Shared, key.0, other);
                        }
                    }
                }
            }
        }
        found
    }

    fn finder_of(records: &[(u64, Record)], held: u64) -> DuplicateFinder {
        let finder = DuplicateFinder { held, ..DuplicateFinder::new(std::env::temp_dir()) };
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
            // Often fewer than are in a bucket, which is then divided.
            held in 0u64..5,
        ) {
            let mut numbered: Vec<(u64, Record)> = (1..).zip(records).collect();
            let expected = expected(&numbered);
            fastrand::Rng::with_seed(order).shuffle(&mut numbered);
            let found = finder_of(&numbered, held).finish().unwrap();
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
    fn a_hash_is_of_the_kind_and_the_key_however_long_that_is() {
        let secret = *b"kept in the file";
        let finder = DuplicateFinder::with_secret(std::env::temp_dir(), secret);
        let text = "ada@example.com ".repeat(2 * SHORT);
        for length in (0..=2 * SHORT).chain([text.len()]) {
            let mut piecemeal = SipHasher13::new_with_key(&secret);
            piecemeal.write_u8(7);
            piecemeal.write(&text.as_bytes()[..length]);
            assert_eq!(finder.hash(7, &text.as_bytes()[..length]), piecemeal.finish128(), "{length}");
        }
        let mut keys = Keys::default();
        keys.record(&place(0, 1));
        finder.claim(&mut keys, 7, b"ada");
        let kept: Vec<_> = keys.hashed(0).collect();
        let hash = SipHasher13::new_with_key(&secret).hash(b"\x07ada").as_bytes();
        assert_eq!(kept.concat(), [&hash[..HASH_BYTES], &[7]].concat());
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

    #[test]
    fn a_key_that_more_records_have_than_the_search_holds_is_found() {
        let finder = DuplicateFinder::new(std::env::temp_dir());
        for number in 1..=HELD + 100 {
            let mut keys = Keys::default();
            keys.record(&place(0, number));
            finder.claim(&mut keys, 1, &number.to_be_bytes());
            finder.claim(&mut keys, 2, b"all have it");
            finder.collect(keys).unwrap();
        }
        let found = finder.finish().unwrap();
        let found = found.iter().map(Result::unwrap).map(|found| (found.place.number, found.kind, found.first.number));
        assert!(found.eq((2..=HELD + 100).map(|number| (number, 2, 1))));
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
