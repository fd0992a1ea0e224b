//! Some keys of a sorted file, at even distances: between which of them an entry lies is known without a read.

use std::io;
use std::ops::Range;

/// How many entries a search reads at once: less than a page. Among the thousand that lie between two fences of a file of four
/// million, hashes are this near to where they are expected nineteen times of twenty.
pub(super) const WINDOW: usize = 64;

/// How many fences a file has at most, so that memory stays as it is for any number of entries: 32 KiB.
const MOST: u64 = 4096;

/// The first eight bytes of every n-th entry, as numbers.
#[derive(Debug)]
pub(super) struct Fences {
    step: u64,
    keys: Vec<u64>,
}

/// Where an entry can be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Around {
    /// The places among which the first entry is that is not before the wanted one; the end of the file if it is none of them.
    pub places: Range<u64>,
    /// The keys between which they lie.
    pub keys: (u64, u64),
}

impl Fences {
    /// The fences of a file of `count` entries; `key` reads the first bytes of the one at a place.
    pub(super) fn of(count: u64, key: impl FnMut(u64) -> io::Result<u64>) -> io::Result<Self> {
        // What lies between two of them, and the entry at the second one, fit into one read.
        let step = count.div_ceil(MOST).max(WINDOW as u64 - 1);
        let places = (0..count.div_ceil(step)).map(|number| number * step);
        Ok(Self { step, keys: places.map(key).collect::<io::Result<_>>()? })
    }

    /// Where entries that begin with `wanted` begin, in a file of `count` entries. Several fences in a row may be equal.
    pub(super) fn around(&self, wanted: u64, count: u64) -> Around {
        let before = self.keys.partition_point(|key| *key < wanted);
        let behind = before + self.keys[before..].partition_point(|key| *key == wanted);
        let place = |fence: usize| self.step.saturating_mul(fence as u64);
        // An entry at a fence before the wanted key is not the wanted one; one at a fence behind it may be.
        let start = before.checked_sub(1).map_or(0, |fence| place(fence) + 1);
        let end = if behind < self.keys.len() { place(behind) + 1 } else { count };
        let key = |fence: Option<usize>| fence.and_then(|fence| self.keys.get(fence)).copied();
        Around {
            places: start..end,
            keys: (key(before.checked_sub(1)).unwrap_or(0), key(Some(behind)).unwrap_or(u64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_entry_that_is_not_before_the_key_is_there(
            mut keys in proptest::collection::vec(0u64..400, 0..1500), wanted in 0u64..401,
        ) {
            keys.sort_unstable();
            let count = keys.len() as u64;
            let fences = Fences::of(count, |place| Ok(keys[usize::try_from(place).unwrap()])).unwrap();
            let Around { places, keys: (low, high) } = fences.around(wanted, count);
            let position = keys.partition_point(|key| *key < wanted) as u64;
            prop_assert!((places.start..=places.end).contains(&position), "{places:?} {position}");
            prop_assert!(position < places.end || position == count);
            prop_assert!(low <= wanted && wanted <= high);
        }
    }

    #[test]
    fn the_places_between_two_fences_are_few_and_fences_are_no_more_for_more_entries() {
        for count in [1, 1_000, 600_000, 50_000_000] {
            // Spread evenly, as hashes are.
            let fences = Fences::of(count, |place| Ok(place * (u64::MAX / count))).unwrap();
            assert!(fences.keys.len() as u64 <= MOST, "{count}");
            for wanted in [0, 1, u64::MAX / 3, u64::MAX / 2 + 77, u64::MAX] {
                let Range { start, end } = fences.around(wanted, count).places;
                assert!(end - start <= fences.step + 1, "{count}: {start} to {end}");
            }
        }
    }
}
