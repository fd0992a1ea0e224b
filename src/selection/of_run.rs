//! Which records of the inputs a run takes.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::SelectedRecords;
use crate::source::Shard;

/// Which records of the inputs a run takes.
#[derive(Clone, Debug, Default)]
pub enum RecordsOfRun {
    /// All of them.
    #[default]
    All,
    /// Those of a shard.
    Shard(Shard),
    /// Those that are selected.
    Selected(Arc<SelectedRecords>),
}

impl RecordsOfRun {
    /// The shard, if it takes the records of one.
    pub fn shard(&self) -> Option<Shard> {
        if let Self::Shard(shard) = self { Some(*shard) } else { None }
    }

    /// The selected records, if it takes those.
    pub fn selected(&self) -> Option<&Arc<SelectedRecords>> {
        if let Self::Selected(selected) = self { Some(selected) } else { None }
    }

    /// Whether it takes this record; numbers are from 1.
    pub fn takes(&self, input: u16, number: u64) -> io::Result<bool> {
        match self {
            Self::All => Ok(true),
            Self::Shard(shard) => Ok(shard.takes(number)),
            Self::Selected(selected) => selected.has(input, number),
        }
    }

    /// What it takes among consecutive records of an input.
    pub fn among(&self, input: u16, numbers: RangeInclusive<u64>) -> io::Result<ChunkRecords> {
        Ok(match self {
            Self::All => ChunkRecords::All,
            Self::Shard(shard) => ChunkRecords::Shard(*shard),
            Self::Selected(selected) => ChunkRecords::Selected(selected.among(input, numbers)?),
        })
    }
}

impl From<Option<Shard>> for RecordsOfRun {
    fn from(shard: Option<Shard>) -> Self {
        shard.map_or(Self::All, Self::Shard)
    }
}

/// What a run takes among consecutive records of an input.
pub enum ChunkRecords {
    /// All of them.
    All,
    /// Those of a shard.
    Shard(Shard),
    /// Those with these numbers, in order.
    Selected(Vec<u64>),
}

impl ChunkRecords {
    /// Whether the record with this number is taken.
    pub fn takes(&self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Shard(shard) => shard.takes(number),
            Self::Selected(numbers) => numbers.binary_search(&number).is_ok(),
        }
    }
}
