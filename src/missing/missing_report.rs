//! The account of who is missing.

use serde::Serialize;

use super::OnMissing;

/// The account of who is missing, in counts of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingReport {
    /// What was asked for: `report`, `disable` or `remove`.
    pub rule: OnMissing,
    /// Created by earlier runs of the source.
    pub known: u64,
    /// No longer in the export.
    pub missing: u64,
    /// Missing for longer, and settled by an earlier run.
    pub settled_before: u64,
    /// Records of the export without a readable id. With any, nobody is disabled: the missing may be among them.
    pub records_without_id: u64,
    /// Disabled at the target by this run.
    pub disabled: u64,
    /// Disabled at the target already, by somebody else: left as they are.
    pub disabled_by_others: u64,
    /// Not at the target any more.
    pub gone: u64,
    /// Left as they are: nothing proves that their identity is this tool's.
    pub not_proven: u64,
    /// Disabled by an earlier run, and enabled again, because they are back.
    pub enabled: u64,
    /// The file that names those who are missing.
    pub file: Option<String>,
    /// Of memberships, if they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memberships: Option<MissingMembershipsReport>,
}

/// The account of memberships that are missing, in counts of memberships.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MissingMembershipsReport {
    /// Created by earlier runs of the source.
    pub known: u64,
    /// No longer in the export, although their users and organizations are.
    pub missing: u64,
    /// Missing for longer, and settled by an earlier run.
    pub settled_before: u64,
    /// No longer in the export, as their users or organizations: nothing is done about them.
    pub without_user_or_organization: u64,
    /// Not in the export, of users whose record is broken or lists only some of their memberships: nothing is done about them.
    pub of_incomplete_users: u64,
    /// Records of memberships that do not say whose they are, and of users who cannot be read and do not say who they are. With any,
    /// nothing is removed: the missing may be among them.
    pub records_without_id: u64,
    /// Removed at the target by this run.
    pub removed: u64,
    /// Role tuples that were taken back with them.
    pub roles_taken_back: u64,
    /// Not at the target any more.
    pub gone: u64,
    /// Left as they are: nothing proves that they are this tool's, or whose they are.
    pub not_proven: u64,
    /// The target did not remove them, or did not take back their role; the next run tries again.
    pub failed: u64,
    /// The file that names those that are missing.
    pub file: Option<String>,
}

impl MissingReport {
    /// Nothing was done yet.
    pub fn new(rule: OnMissing) -> Self {
        Self {
            rule,
            known: 0,
            missing: 0,
            settled_before: 0,
            records_without_id: 0,
            disabled: 0,
            disabled_by_others: 0,
            gone: 0,
            not_proven: 0,
            enabled: 0,
            file: None,
            memberships: None,
        }
    }
}
