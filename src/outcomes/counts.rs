//! What an account says: counts, and the first records that they are about.

use serde::{Deserialize, Serialize};

use crate::mapping::FirstOfDuplicates;
use crate::source::{Position, SkippedRows};

/// Records by what became of them. Each record read is in exactly one of `created`, `updated`, `unchanged`,
/// `rejected` and `unfinished` (in a dry run: `valid` and `rejected`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records that were read and mapped.
    pub read: u64,
    /// In a dry run: those that would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<u64>,
    /// New at the target.
    pub created: u64,
    /// At the target already, and changed to what the export says.
    pub updated: u64,
    /// At the target already, and not touched.
    pub unchanged: u64,
    /// Rejected, here or by the target.
    pub rejected: u64,
    /// Read, but not confirmed by the target before the run was stopped.
    pub unfinished: u64,
}

/// How often a code was met, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    /// Records.
    pub count: u64,
    /// The first few.
    pub first: Vec<RejectedRecord>,
}

/// A rejected record, for the account of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RejectedRecord {
    /// Where it stands.
    #[serde(flatten)]
    pub position: Position,
    /// Of a duplicate: the record that comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<SameAs>,
}

/// The record that has the same as another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SameAs {
    /// The input's name as the user gave it.
    pub input: String,
    /// The record's number within its input, from 1.
    pub record: u64,
    /// The line on which the record starts, from 1.
    pub line: u64,
}

/// One input and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputProgress {
    /// Its name as the user gave it.
    pub input: String,
    /// Its size in bytes, where known.
    pub bytes: Option<u64>,
    /// Bytes whose records were mapped.
    pub consumed: u64,
    /// Rows of a CSV without a user, which are no records.
    #[serde(default, skip_serializing_if = "SkippedRows::is_none")]
    pub skipped_rows: SkippedRows,
    /// The number of the last record that was read or skipped.
    #[serde(skip)]
    pub records: u64,
}

/// The other record, by the name of its input.
pub(super) fn same_as(inputs: &[InputProgress], first: FirstOfDuplicates) -> Option<SameAs> {
    let FirstOfDuplicates { input, number, line } = first;
    let input = inputs.get(usize::from(input))?.input.clone();
    Some(SameAs { input, record: number, line })
}
