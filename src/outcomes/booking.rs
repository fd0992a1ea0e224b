//! What the stages have to say that the ledger books.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ForecastCounts;
use crate::index::RecordPlace;
use crate::journal::ReadMark;
use crate::mapping::{FirstOfDuplicates, Notices, RejectCode};
use crate::source::{Position, SkippedRows};

/// What is known of an input once it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputEnd {
    /// Its index.
    pub input: u16,
    /// How many records it has, those of other shards, too.
    pub records: u64,
    /// Its length in bytes; unknown if an earlier part of the run read it to its end.
    pub consumed: Option<u64>,
    /// Rows of a CSV without a user, which are no records.
    pub skipped: SkippedRows,
}

/// What the mapping of a chunk adds to the counts.
#[derive(Debug)]
pub(crate) struct MappedChunkCounts {
    /// Where the chunk's first record starts.
    pub start: ReadMark,
    /// The number of its last record.
    pub last: u64,
    /// Records in the chunk that were not settled by an earlier part of the run.
    pub not_settled_before: u64,
    /// Records that map and validate.
    pub valid: u64,
    /// Valid ones that are known to be at the target as they are, so that nothing is sent.
    pub not_asked: u64,
    /// Bytes of the input that are behind us now.
    pub consumed: u64,
    /// The notices about the valid ones, for a dry run.
    pub notices: Vec<Notices>,
    /// Records of other shards that were looked at and do not map, by the shard's number.
    pub rejects_of_others: BTreeMap<u32, u64>,
    /// The first canonical identities, as JSON.
    pub previews: Vec<String>,
    /// What is counted for the forecast of an import, in a dry run.
    pub forecast_counts: ForecastCounts,
}

/// A duplicate for the account of a dry run.
#[derive(Debug)]
pub(crate) struct LateReject {
    pub code: RejectCode,
    /// The index of its input.
    pub input: u16,
    pub position: Position,
    pub same_as: FirstOfDuplicates,
    /// What was said of the record when it was taken for a valid one.
    pub notices: Notices,
}

/// A record that has an address or a number that another one has, too, for the account of a dry run.
#[derive(Debug)]
pub(crate) struct LateShared {
    pub position: Position,
    pub same_as: FirstOfDuplicates,
}

/// Where a record stands.
pub(crate) fn record_position(place: &RecordPlace, inputs: &[Arc<str>]) -> Position {
    let RecordPlace { input, number, line, offset, length, .. } = *place;
    let input = inputs.get(usize::from(input)).cloned().unwrap_or_default();
    Position { input, record: number, line, offset, length }
}

/// The other record of a duplicate.
pub(crate) fn other_record(first: &RecordPlace) -> FirstOfDuplicates {
    FirstOfDuplicates { input: first.input, number: first.number, line: first.line }
}
