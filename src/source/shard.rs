//! A shard: one of several parts that together read the same inputs.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// How many records stay together: enough that a shard's records mostly come in whole chunks, and few enough that the shards
/// of a small input are about equal in size.
const BLOCK: u64 = 1_000;

/// One of several shards. For example, `2/3` takes every third block of a thousand records, beginning with the second block.
///
/// Only the number of a record within its input decides. So the shards are the same on every machine, with any compression,
/// and wherever reading resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Counted from 0.
    index: u32,
    of: NonZeroU32,
}

impl Shard {
    /// The shard with this index, from 0, among this many; `None` if the index is too large.
    pub fn new(index: u32, of: NonZeroU32) -> Option<Self> {
        (index < of.get()).then_some(Self { index, of })
    }

    /// Its number among the shards, from 1.
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// How many shards there are.
    pub fn of(self) -> NonZeroU32 {
        self.of
    }

    /// Whether it takes the record with this number, from 1.
    pub fn takes(self, number: u64) -> bool {
        self.taker(number) == self
    }

    /// Which of the shards takes the record with this number, from 1.
    #[must_use]
    pub fn taker(self, number: u64) -> Self {
        let index = (number.saturating_sub(1) / BLOCK) % u64::from(self.of.get());
        Self { index: u32::try_from(index).unwrap_or_default(), of: self.of }
    }

    /// Whether a block begins with the record with this number, of whichever shard.
    pub fn begins_block(number: u64) -> bool {
        number % BLOCK == 1
    }

    /// The number of the first record of its next block behind the block that the record with this number, from 1, is in.
    pub fn next_block(self, number: u64) -> u64 {
        let of = u64::from(self.of.get());
        let block = number.saturating_sub(1) / BLOCK;
        let ahead = (u64::from(self.index) + of - block % of - 1) % of + 1;
        (block + ahead) * BLOCK + 1
    }

    /// The number of its first record.
    pub fn first(self) -> u64 {
        u64::from(self.index) * BLOCK + 1
    }

    /// How many of an input's first `records` records belong to the other shards.
    pub fn left_to_others(self, records: u64) -> u64 {
        let round = u64::from(self.of.get()) * BLOCK;
        let of_last_round = (records % round).saturating_sub(u64::from(self.index) * BLOCK).min(BLOCK);
        records - (records / round * BLOCK + of_last_round)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "expected a number and how many there are, from `1/N` to `N/N`".to_owned();
        let (number, of) = text.trim().split_once('/').ok_or_else(wrong)?;
        let number: NonZeroU32 = number.parse().map_err(|_| wrong())?;
        Self::new(number.get() - 1, of.parse().map_err(|_| wrong())?).ok_or_else(wrong)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number(), self.of)
    }
}

/// The value of `--shard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// What the batch system's environment says.
    Auto,
    /// This shard.
    Of(Shard),
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Of).map_err(|error: String| format!("{error}, or `auto`"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_record_has_one_shard_and_the_others_are_counted(of in 1u32..9, records in 0u64..30_000) {
            let of = NonZeroU32::new(of).unwrap();
            let shards: Vec<Shard> = (0..of.get()).map(|index| Shard::new(index, of).unwrap()).collect();
            let mut taken = vec![0; shards.len()];
            for number in 1..=records {
                let takers: Vec<usize> = (0..shards.len()).filter(|&index| shards[index].takes(number)).collect();
                prop_assert_eq!(takers.len(), 1);
                prop_assert_eq!(shards[0].taker(number), shards[takers[0]]);
                taken[takers[0]] += 1;
            }
            for (shard, taken) in shards.iter().zip(taken) {
                prop_assert_eq!(shard.left_to_others(records), records - taken);
                prop_assert!(shard.takes(shard.first()) && (shard.first() == 1 || !shard.takes(shard.first() - 1) || of.get() == 1));
            }
        }
    }

    #[test]
    fn shards_are_read_and_shown() {
        for text in ["1/1", "2/3", "4294967295/4294967295"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for wrong in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/3", "a/b", "1.0/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
