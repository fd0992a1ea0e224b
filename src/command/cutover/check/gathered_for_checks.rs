//! All that checks look at.

use jiff::Timestamp;

use super::at_target::TargetAnswers;
use crate::cutover::{ClerkReading, CutoverState, Finding, Imports};

/// All that checks look at.
#[derive(Clone, Debug)]
pub(super) struct GatheredForChecks {
    /// When it was gathered.
    pub now: Timestamp,
    /// What was known before.
    pub state: CutoverState,
    /// What runs call the target.
    pub target: Option<String>,
    /// What it says; or why it was not asked.
    pub answers: Result<TargetAnswers, String>,
    /// The imports into it.
    pub imports: Imports,
    /// What Clerk says; or what keeps that from being known.
    pub clerk: Result<ClerkReading, Finding>,
    /// How many users may have changed at Clerk.
    pub max_changes: u64,
}
