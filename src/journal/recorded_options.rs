//! The options that a run remembers in `run.json`.

use serde::{Deserialize, Serialize};

/// How a run runs: what `resume` goes by if no option says otherwise. Nothing in it decides what becomes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOptions {
    /// Requests, as in `50/s`, or `auto`.
    pub rate: Option<String>,
    /// How many requests may be under way at once, or `auto`.
    pub concurrency: Option<String>,
    /// The most users in one request.
    pub batch_size: Option<usize>,
    /// The most bytes in one request.
    pub batch_bytes: Option<usize>,
    /// Seconds to keep trying while the target fails.
    pub max_wait: Option<u64>,
    /// Rejects after which the run stops.
    pub max_errors: Option<u64>,
    /// The largest record, in bytes.
    pub max_record_bytes: Option<usize>,
    /// Whether the target is asked about users it confirmed in an earlier run.
    #[serde(default)]
    pub recheck: bool,
    /// Whether nothing is sent while any record would be rejected.
    #[serde(default)]
    pub strict: bool,
    /// With fewer records than that nothing is sent.
    #[serde(default)]
    pub min_records: Option<u64>,
    /// What becomes of users who are no longer in the export; nothing is asked about them without it.
    #[serde(default)]
    pub on_missing: Option<String>,
    /// With a higher percentage of missing users nothing is sent.
    #[serde(default)]
    pub max_missing: Option<u8>,
}
