//! What came of joining memberships to their users.

use serde::{Deserialize, Serialize};

use crate::source::{Findings, Position};

/// The account of a join, for the report. Counts and places only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipsReport {
    /// The files with memberships and organizations.
    pub files: Vec<String>,
    /// Whether organizations go into the metadata of their members; if not, they do not move.
    pub moved: bool,
    /// Organizations in the files.
    pub organizations: u64,
    /// Memberships in the files that can be read.
    pub memberships: u64,
    /// Memberships inside users.
    pub inside_users: u64,
    /// Users who have any.
    pub users: u64,
    /// Memberships in the files whose user is not in the input; unknown unless all users were gone through.
    pub without_user: Option<u64>,
    /// Records that name no organization, user or role, or cannot be read.
    pub unreadable: Findings<Position>,
}
