//! What a dry run counts for the forecast of an import: how much it would send, and which fields the users have.

use crate::mapping::{Coverage, RoleCounts};

/// What a dry run counts for the forecast of an import. It is of all users who map, also of
/// those who turn out to be in the input twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForecastCounts {
    /// Which fields the users have.
    pub coverage: Coverage,
    /// Which roles members of organizations have.
    pub roles: RoleCounts,
    /// Records that map, of all kinds.
    pub records: u64,
    /// Bytes of these records.
    pub record_bytes: u64,
    /// About how many bytes they are when they are sent.
    pub sent_bytes: u64,
}

impl ForecastCounts {
    /// Adds the counts of further records.
    pub(crate) fn add(&mut self, other: Self) {
        self.coverage.add(other.coverage);
        self.roles.merge(other.roles);
        self.records += other.records;
        self.record_bytes += other.record_bytes;
        self.sent_bytes += other.sent_bytes;
    }
}
