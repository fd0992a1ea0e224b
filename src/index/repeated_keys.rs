//! Finds the keys that several records have, bucket by bucket.
//!
//! Nearly all keys are there once. Two bits for a part of each hash, whether it came and whether it came again, leave few that
//! have to be compared.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Sorter;
use super::buckets::{BUCKETS, Buckets, FilledBuckets};
use super::claims::{self, MEMBER_BYTES};
use super::duplicate::{BESIDE, HASH_BYTES, UNVERIFIED};
use super::keys::{KEY_BYTES, WrittenPlaces};
use super::sorted_file::by_bytes;

/// The number of threads that search. Each holds a bucket, and the blocks of those into which a large one is divided.
const SEARCHERS: usize = 4;

/// The most keys that a thread holds: 608 KiB.
pub(super) const HELD: u64 = 32 * 1024;

/// The bits of a filter for each key. One in so many keys that are there once is compared with others.
const BITS_FOR_KEY: usize = 32;

/// Where repeated keys go: each gets a slot, and an entry for each record that has it.
pub(super) struct RepeatedKeys<'a> {
    directory: &'a Path,
    places: &'a WrittenPlaces,
    members: &'a Sorter<MEMBER_BYTES>,
    slots: AtomicU64,
    /// The most keys that a thread holds.
    held: u64,
}

impl<'a> RepeatedKeys<'a> {
    /// None yet. Of the records only the places are known.
    pub(super) fn new(
        directory: &'a Path,
        places: &'a WrittenPlaces,
        members: &'a Sorter<MEMBER_BYTES>,
        held: u64,
    ) -> Self {
        Self { directory, places, members, slots: AtomicU64::new(0), held }
    }

    /// How many slots there are.
    pub(super) fn count(self) -> u64 {
        self.slots.into_inner()
    }

    /// Searches all buckets, on several threads.
    pub(super) fn find(&self, keys: &FilledBuckets) -> io::Result<()> {
        let next = AtomicUsize::new(0);
        let search = || {
            let mut searcher = Searcher { into: self, keys: Vec::new(), came: Vec::new(), came_again: Vec::new() };
            let mut buckets =
                std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|bucket| *bucket < BUCKETS));
            buckets.try_for_each(|bucket| searcher.bucket(keys, bucket))
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(SEARCHERS);
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(search)).collect();
            let failed = |_| Err(io::Error::other("a search for duplicates failed"));
            others.into_iter().map(|other| other.join().unwrap_or_else(failed)).fold(search(), Result::and)
        })
    }
}

/// One thread of the search.
struct Searcher<'a> {
    into: &'a RepeatedKeys<'a>,
    /// Those of a bucket.
    keys: Vec<[u8; KEY_BYTES]>,
    came: Vec<u64>,
    came_again: Vec<u64>,
}

/// The key that came last, and its slot if several records have it.
type LastKey = Option<([u8; KEY_BYTES], Option<u64>)>;

impl Searcher<'_> {
    /// Searches a bucket; one that is too large is divided by the next byte.
    fn bucket(&mut self, buckets: &FilledBuckets, bucket: usize) -> io::Result<()> {
        let is_large = buckets.count(bucket) > self.into.held;
        let (next_byte, mut last) = (buckets.byte() + 1, None);
        if is_large && next_byte == HASH_BYTES {
            // All of them have the same hash, and are in no order: owners are to come first.
            return [true, false].into_iter().try_for_each(|owners| {
                buckets.read(bucket, |keys| {
                    let mut some = keys.iter().filter(|key| is_owners(key) == owners);
                    some.try_for_each(|key| self.take(&mut last, key))
                })
            });
        }
        if is_large {
            let mut parts = Buckets::new(next_byte, self.into.directory.to_path_buf());
            buckets.read(bucket, |keys| parts.extend(keys))?;
            let parts = parts.finish()?;
            return (0..BUCKETS).try_for_each(|part| self.bucket(&parts, part));
        }
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        buckets.read(bucket, |some| {
            keys.extend_from_slice(some);
            Ok(())
        })?;
        self.drop_single(&mut keys);
        keys.sort_unstable_by(by_bytes);
        keys.iter().try_for_each(|key| self.take(&mut last, key))?;
        self.keys = keys;
        Ok(())
    }

    /// Drops keys that are there only once, but for a few.
    fn drop_single(&mut self, keys: &mut Vec<[u8; KEY_BYTES]>) {
        let words = (keys.len() * BITS_FOR_KEY).next_power_of_two().div_ceil(64);
        for bits in [&mut self.came, &mut self.came_again] {
            bits.clear();
            bits.resize(words, 0);
        }
        // The last bytes of the hash: the first ones are the same in the whole bucket.
        let place = |key: &[u8; KEY_BYTES]| {
            let hash = key[HASH_BYTES - 4..HASH_BYTES].iter().fold(0, |hash, byte| hash << 8 | usize::from(*byte));
            (hash / 64 % words, 1 << (hash % 64))
        };
        for key in &*keys {
            let (word, bit) = place(key);
            self.came_again[word] |= self.came[word] & bit;
            self.came[word] |= bit;
        }
        keys.retain(|key| {
            let (word, bit) = place(key);
            self.came_again[word] & bit != 0
        });
    }

    /// Takes the next key, which comes behind those that are equal to it, owners' first. A key that several records have gets a slot.
    fn take(&self, last: &mut LastKey, key: &[u8; KEY_BYTES]) -> io::Result<()> {
        match last {
            Some((of, slot)) if of[..HASH_BYTES] == key[..HASH_BYTES] => {
                let is_second = slot.is_none();
                let slot = *slot.get_or_insert_with(|| self.into.slots.fetch_add(1, Ordering::Relaxed));
                let owned = is_owners(of);
                if is_second {
                    self.add(of, slot, owned)?;
                }
                self.add(key, slot, owned)
            }
            _ => {
                *last = Some((*key, None));
                Ok(())
            }
        }
    }

    /// Adds a key of a slot, which an owner claims or nobody. Among records of which none is the owner it does not count that none is.
    fn add(&self, key: &[u8; KEY_BYTES], slot: u64, is_owned: bool) -> io::Result<()> {
        let kind = if is_owned { key[HASH_BYTES] } else { key[HASH_BYTES] & !UNVERIFIED };
        self.into.members.extend(&[claims::member(kind, &self.into.places.of(key)?, slot)])
    }
}

/// Whether the record of a key claims it as its own. Of equal keys those of owners come first: the bits of others are greater.
fn is_owners(key: &[u8; KEY_BYTES]) -> bool {
    key[HASH_BYTES] & (BESIDE | UNVERIFIED) == 0
}
