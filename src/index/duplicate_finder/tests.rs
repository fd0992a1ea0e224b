use std::collections::{BTreeMap, BTreeSet};

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

/// The keys of one record: two that it claims, each verified or not, and some that others may have, too.
type Record = ([(u8, bool); 2], Vec<u8>);

/// The kind of a key, and the key.
type Key = (u8, u8);

/// What is expected, computed in memory: who gets which key, and for each record, what it has in common with which other record.
#[derive(Default)]
struct Expected {
    claimants: BTreeMap<Key, u64>,
    holders: BTreeMap<Key, u64>,
    found: BTreeMap<u64, (DuplicateMeaning, u8, u64)>,
}

fn claims((claims, _): &Record) -> [(Key, bool); 2] {
    [((1, claims[0].0), claims[0].1), ((2, claims[1].0), claims[1].1)]
}

impl Expected {
    /// Round by round: who claims, unverified, what a record verified of which nothing is known yet has to wait for that one. When
    /// all are waiting, the order decides.
    fn of(records: &[(u64, Record)]) -> Self {
        let mut expected = Self::default();
        let mut open: Vec<&(u64, Record)> = records.iter().collect();
        let mut all_wait = false;
        while !open.is_empty() {
            let owned: Vec<Key> = open
                .iter()
                .flat_map(|(_, record)| claims(record))
                .filter_map(|(key, verified)| verified.then_some(key))
                .collect();
            let before = open.len();
            open.retain(|(number, record)| {
                let waits = !all_wait && claims(record).iter().any(|(key, verified)| !verified && owned.contains(key));
                !expected.settle(*number, record, waits)
            });
            all_wait = open.len() == before;
        }
        expected
    }

    /// Whether the record is settled.
    fn settle(&mut self, number: u64, record: &Record, waits: bool) -> bool {
        let claimed = claims(record).map(|(key, _)| key);
        let taken = claimed.iter().find_map(|key| Some((key.0, *self.claimants.get(key)?)));
        if let Some((kind, first)) = taken {
            self.found.insert(number, (DuplicateMeaning::Taken, kind, first));
            return true;
        }
        if waits {
            return false;
        }
        self.claimants.extend(claimed.map(|key| (key, number)));
        for key in claimed.into_iter().chain(record.1.iter().map(|key| (2, *key))) {
            let holder: u64 = *self.holders.entry(key).or_insert(number);
            if holder != number {
                for (record, other) in [(number, holder), (holder, number)] {
                    let expected = self.found.entry(record).or_insert((DuplicateMeaning::Shared, key.0, other));
                    if (key.0, other) < (expected.1, expected.2) {
                        *expected = (DuplicateMeaning::Shared, key.0, other);
                    }
                }
            }
        }
        true
    }
}

/// Nobody loses a verified key to a record that has not verified it, unless another key decides about the two.
fn assert_owners_win(records: &[(u64, Record)], found: &BTreeMap<u64, (DuplicateMeaning, u8, u64)>) {
    let of: BTreeMap<u64, &Record> = records.iter().map(|(number, record)| (*number, record)).collect();
    for (loser, (_, kind, winner)) in found.iter().filter(|(_, (meaning, ..))| *meaning == DuplicateMeaning::Taken) {
        assert!(!matches!(found.get(winner), Some((DuplicateMeaning::Taken, ..))), "{winner} does not stay itself");
        let [of_loser, of_winner] = [loser, winner].map(|number| claims(of[number])[usize::from(*kind) - 1]);
        assert_eq!(of_loser.0, of_winner.0, "{loser} and {winner}");
        let has_waited = claims(of[loser]).iter().any(|(_, verified)| !verified);
        assert!(has_waited || of_winner.1, "{loser} verified what {winner} got");
    }
}

fn finder_of(records: &[(u64, Record)], held: u64) -> DuplicateFinder {
    let finder = DuplicateFinder { held, ..DuplicateFinder::new(std::env::temp_dir()) };
    for some in records.chunks(7) {
        let mut keys = Keys::default();
        for (number, record) in some {
            keys.record(&place(3, *number));
            for ((kind, key), verified) in claims(record) {
                if verified {
                    finder.claim(&mut keys, kind, &[key]);
                } else {
                    finder.claim_unverified(&mut keys, kind, &[key]);
                }
            }
            for key in &record.1 {
                finder.beside(&mut keys, 2, &[*key]);
            }
        }
        finder.collect(keys).unwrap();
    }
    finder
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Compares with a map in memory, for every order in which threads may deliver records.
    #[test]
    fn exactly_the_records_with_a_key_that_goes_to_another_one_are_duplicates(
        records in (1u8..50).prop_flat_map(|keys| {
            let claims = proptest::array::uniform2((0..keys, proptest::bool::weighted(0.7)));
            proptest::collection::vec((claims, proptest::collection::vec(0u8..60, 0..3)), 1..200)
        }),
        order in any::<u64>(),
        // Often fewer than are in a bucket, which is then divided.
        held in 0u64..5,
    ) {
        let mut numbered: Vec<(u64, Record)> = (1..).zip(records).collect();
        let expected = Expected::of(&numbered).found;
        assert_owners_win(&numbered, &expected);
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

#[test]
fn the_owner_of_a_key_that_more_records_have_than_the_search_holds_gets_it() {
    let finder = DuplicateFinder::new(std::env::temp_dir());
    let owner = HELD + 50;
    for number in 1..=HELD + 100 {
        let mut keys = Keys::default();
        keys.record(&place(0, number));
        if number == owner {
            finder.claim(&mut keys, 1, b"all have it");
        } else {
            finder.claim_unverified(&mut keys, 1, b"all have it");
        }
        finder.collect(keys).unwrap();
    }
    let found = finder.finish().unwrap();
    let found = found.iter().map(Result::unwrap).map(|found| (found.place.number, found.kind, found.first.number));
    assert!(found.eq((1..=HELD + 100).filter(|number| *number != owner).map(|number| (number, 1, owner))));
}

/// Each record verified what the record before it claims: it is the last one that stays, the one before it loses, and so on. Of a
/// chain that is longer than anybody's the search ends all the same, and no two records get one key.
#[test]
fn a_chain_of_owners_is_settled_from_its_end() {
    for length in [30, 1_000_u64] {
        let finder = DuplicateFinder::new(std::env::temp_dir());
        for number in 1..=length {
            let mut keys = Keys::default();
            keys.record(&place(0, number));
            finder.claim(&mut keys, 1, &number.to_be_bytes());
            finder.claim_unverified(&mut keys, 1, &(number + 1).to_be_bytes());
            finder.collect(keys).unwrap();
        }
        let found = finder.finish().unwrap();
        let lost: BTreeSet<u64> = found.iter().map(|found| found.unwrap().place.number).collect();
        assert!((1..length).all(|number| lost.contains(&number) || lost.contains(&(number + 1))), "{length}");
        if length == 30 {
            assert!(lost.into_iter().eq((1..30).step_by(2)));
        }
    }
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
