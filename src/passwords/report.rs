//! What came of a join.

use serde::{Deserialize, Serialize};

use crate::source::{Position, SkippedRows};

/// How many of each kind of finding are listed.
const LISTED: usize = 1_000;

/// How often something was found, and where first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings<T> {
    /// How often.
    pub count: u64,
    /// The first thousand, in the order of the file.
    pub first: Vec<T>,
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T: Ord> Findings<T> {
    /// Adds one. They come in any order, from all threads.
    pub(super) fn add(&mut self, finding: T) {
        self.count += 1;
        self.first.push(finding);
        if self.first.len() == 2 * LISTED {
            self.sort();
        }
    }

    /// Keeps the first ones.
    pub(super) fn sort(&mut self) {
        self.first.sort_unstable();
        self.first.truncate(LISTED);
    }
}

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_first_findings_are_kept_whatever_the_order() {
        let mut findings = Findings::default();
        for record in (1..=5_000).rev() {
            findings.add(Position { input: Arc::from("a"), record, line: record, offset: 0, length: 1 });
        }
        findings.sort();
        let records: Vec<u64> = findings.first.iter().map(|position| position.record).collect();
        assert_eq!((findings.count, records), (5_000, (1..=1_000).collect()));
    }
}
