//! What came of a join.

use serde::{Deserialize, Serialize};

use crate::source::{Findings, Position, SkippedRows};

/// A user whose password hash is another one in the other file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conflict {
    /// The user in the export.
    pub user: Position,
    /// The row, whose hash was taken.
    pub row: Position,
}

/// The account of a join, for the report. Places only: no id and no hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordsReport {
    /// The file with the passwords.
    pub file: String,
    /// Rows that can be joined.
    pub rows: u64,
    /// Users who have a row.
    pub joined: u64,
    /// Users who have none.
    pub users_without_row: Findings<Position>,
    /// Rows that no user has; unknown unless all users were gone through.
    pub rows_without_user: Option<Findings<Position>>,
    /// Users with two different password hashes.
    pub conflicts: Findings<Conflict>,
    /// Rows with the id of an earlier one, which counts.
    pub repeated: Findings<Position>,
    /// Rows that cannot be read, or have no id.
    pub unreadable: Findings<Position>,
    /// Rows without a user, which are not counted as rows.
    #[serde(default, skip_serializing_if = "SkippedRows::is_none")]
    pub skipped_rows: SkippedRows,
}
