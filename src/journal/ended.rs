//! How a part of a run ended, as its journal says: the truth about it, for the report is a file that anybody may edit or delete.

use serde::{Deserialize, Serialize};

/// How a part of a run ended, and what of its account is in no other entry. It is written once the account was given: a run
/// whose last entry says that it is finished is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Nothing is left to do.
    pub finished: bool,
    /// The exit code.
    pub exit_code: u8,
    /// The inputs and how far they were read.
    pub inputs: Vec<EndedInput>,
    /// Unchanged users whom the target was not asked about.
    pub not_asked: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that were further attempts.
    pub retries: u64,
    /// Requests refused for going too fast.
    pub throttled: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// An input when a part of a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedInput {
    /// Its name as the user gave it; none if that was its absolute path, which is in the run's record.
    pub name: String,
    /// Its size in bytes, where known.
    pub bytes: Option<u64>,
    /// Bytes whose records were mapped.
    pub consumed: u64,
    /// The number of the last record that was read or skipped, be it of another shard.
    pub records: u64,
    /// Rows of a CSV without a user: empty ones.
    pub empty_rows: u64,
    /// Those that repeat the header.
    pub header_rows: u64,
}
