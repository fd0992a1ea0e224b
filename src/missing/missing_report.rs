//! The account of who is missing.

use serde::Serialize;

use super::OnMissing;

/// The account of who is missing, in counts of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingReport {
    /// What was asked for: `report` or `disable`.
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
        }
    }
}
