//! The progress of undoing a run.

use std::time::Duration;

use serde::Serialize;

use super::Progress;
use crate::human::{count, left};

/// What became of the identities that a run created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Identities that the run created.
    pub created: u64,
    /// Identities that were deleted now, or would be.
    pub deleted: u64,
    /// Of these, those with which somebody has signed in since.
    #[serde(skip_serializing_if = "is_zero")]
    pub signed_in: u64,
    /// Of these, in a dry run, those of which the target does not say whether somebody has.
    #[serde(skip_serializing_if = "is_zero")]
    pub sign_ins_unknown: u64,
    /// Identities that were gone already, as the target reports.
    pub gone_already: u64,
    /// Identities that were kept, because somebody changed them after the run.
    pub kept_changed: u64,
    /// Identities that were kept, because they now belong to somebody else.
    pub kept_not_ours: u64,
    /// Identities that the target did not delete.
    pub failed: u64,
    /// Identities that were kept, because nothing proves whether the run created them.
    #[serde(skip_serializing_if = "is_zero")]
    pub in_doubt: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Deleted {
    /// The number of identities that somebody has to look at.
    pub fn kept(&self) -> u64 {
        self.kept_changed + self.kept_not_ours + self.failed + self.in_doubt
    }
}

impl Progress for Deleted {
    fn done(&self) -> u64 {
        self.deleted + self.gone_already + self.kept()
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done();
        let left = left(done, self.created, elapsed).map(|left| format!("{left} left, ")).unwrap_or_default();
        let gone =
            if self.gone_already > 0 { format!(", {} gone already", count(self.gone_already)) } else { String::new() };
        let kept = if self.kept() > 0 { format!(", {} kept", count(self.kept())) } else { String::new() };
        format!("{left}{} of {} deleted{gone}{kept}", count(self.deleted), count(self.created))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_counts_all_that_is_decided() {
        let counts =
            Deleted { created: 300_000, deleted: 99_000, gone_already: 999, kept_changed: 1, ..Deleted::default() };
        let line = counts.line(Duration::from_secs(100));
        assert_eq!(line, "3 min 20 s left, 99,000 of 300,000 deleted, 999 gone already, 1 kept");
        assert_eq!(Deleted { created: 3, ..Deleted::default() }.line(Duration::from_secs(9)), "0 of 3 deleted");
    }
}
