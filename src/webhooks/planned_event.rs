//! An event of an endpoint of a plan.

use serde::{Deserialize, Serialize};

use super::ClerkEvent;
use crate::tenant_plan::Verdict;

/// An event of Clerk's that an endpoint gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEvent {
    /// Its name at Clerk.
    pub event: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The target's events in its place.
    pub at_target: Vec<String>,
    /// Why, in one sentence.
    pub why: String,
}

impl PlannedEvent {
    pub(super) fn of(name: &str) -> Self {
        let event = name.to_owned();
        match ClerkEvent::find(name) {
            Some(found) => Self {
                event,
                verdict: found.verdict,
                at_target: found.at_target.iter().map(|&name| name.to_owned()).collect(),
                why: found.why.to_owned(),
            },
            None => Self {
                event,
                verdict: Verdict::CannotMove,
                at_target: Vec::new(),
                why: "No list of Clerk's events names it: look whether it is spelled as at Clerk.".to_owned(),
            },
        }
    }
}
