//! The progress of undoing a run.

use std::time::Duration;

use serde::Serialize;

use super::ShownProgress;
use crate::human::{count, left};
use crate::kind::Kind;

/// What became of what a run created, of one kind or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// What the run created.
    pub created: u64,
    /// What was deleted now, or would be.
    pub deleted: u64,
    /// Deleted ones with which somebody has signed in since.
    #[serde(skip_serializing_if = "is_zero")]
    pub signed_in: u64,
    /// In a dry run, those of which the target does not say whether somebody has signed in.
    #[serde(skip_serializing_if = "is_zero")]
    pub sign_ins_unknown: u64,
    /// What was gone already, as the target reports.
    pub gone_already: u64,
    /// What was kept, because somebody changed it after the run.
    pub kept_changed: u64,
    /// What was kept, because it now belongs to somebody else.
    pub kept_not_ours: u64,
    /// What the target did not delete, or would not: an organization in which others have put something since.
    pub failed: u64,
    /// What was kept, because nothing proves whether the run created it.
    #[serde(skip_serializing_if = "is_zero")]
    pub in_doubt: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Deleted {
    /// How many somebody has to look at.
    pub fn kept(&self) -> u64 {
        self.kept_changed + self.kept_not_ours + self.failed + self.in_doubt
    }

    /// Whether any of them were at the target, or may have been.
    pub fn are_any_there(&self) -> bool {
        self.deleted + self.kept() > 0
    }
}

/// What undoing came to, of each kind, by the kind's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeletedKinds([Deleted; Kind::ALL.len()]);

impl DeletedKinds {
    /// Those of one kind.
    pub fn of(&mut self, kind: Kind) -> &mut Deleted {
        &mut self.0[usize::from(kind.number())]
    }

    /// Those of all kinds together.
    pub fn all(&self) -> Deleted {
        self.0.iter().fold(Deleted::default(), |all, of_kind| Deleted {
            created: all.created + of_kind.created,
            deleted: all.deleted + of_kind.deleted,
            signed_in: all.signed_in + of_kind.signed_in,
            sign_ins_unknown: all.sign_ins_unknown + of_kind.sign_ins_unknown,
            gone_already: all.gone_already + of_kind.gone_already,
            kept_changed: all.kept_changed + of_kind.kept_changed,
            kept_not_ours: all.kept_not_ours + of_kind.kept_not_ours,
            failed: all.failed + of_kind.failed,
            in_doubt: all.in_doubt + of_kind.in_doubt,
        })
    }

    /// Each kind of which there is anything.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, &Deleted)> {
        let each = Kind::ALL.into_iter().map(|kind| (kind, &self.0[usize::from(kind.number())]));
        each.filter(|(_, of_kind)| **of_kind != Deleted::default())
    }

    /// Whether there is anything of another kind than users.
    pub fn is_of_tenant(&self) -> bool {
        self.kinds().any(|(kind, _)| kind != Kind::User)
    }

    /// What one of them is called: an identity, if there is nothing else.
    pub fn noun(&self) -> &'static str {
        if self.is_of_tenant() { "record" } else { Kind::User.noun_at_target() }
    }
}

/// For programs: each kind under its name.
impl Serialize for DeletedKinds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.kinds().map(|(kind, of_kind)| (kind.plural(), of_kind)))
    }
}

/// What an undoing has done so far: for programs all kinds together, and of a tenant each of them beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UndoingProgress {
    #[serde(flatten)]
    all: Deleted,
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<DeletedKinds>,
    /// Nothing is deleted: `deleted` are those that would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl UndoingProgress {
    /// What was done so far; in a dry run, what would be.
    pub fn new(counts: DeletedKinds, dry_run: bool) -> Self {
        Self { all: counts.all(), kinds: counts.is_of_tenant().then_some(counts), dry_run }
    }
}

impl ShownProgress for UndoingProgress {
    fn done(&self) -> u64 {
        self.all.deleted + self.all.gone_already + self.all.kept()
    }

    fn line(&self, elapsed: Duration) -> String {
        let (done, all) = (self.done(), &self.all);
        let left = left(done, all.created, elapsed).map(|left| format!("{left} left, ")).unwrap_or_default();
        let gone =
            if all.gone_already > 0 { format!(", {} gone already", count(all.gone_already)) } else { String::new() };
        let kept = if all.kept() > 0 { format!(", {} kept", count(all.kept())) } else { String::new() };
        let (deleted, created) = (count(all.deleted), count(all.created));
        let deleted = if self.dry_run {
            format!("{deleted} of {created} would be deleted")
        } else {
            format!("{deleted} of {created} deleted")
        };
        format!("{left}{deleted}{gone}{kept}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_counts_all_that_is_decided() {
        let mut counts = DeletedKinds::default();
        *counts.of(Kind::User) =
            Deleted { created: 300_000, deleted: 98_000, gone_already: 999, kept_changed: 1, ..Deleted::default() };
        assert_eq!(counts.all().created, 300_000);
        *counts.of(Kind::Membership) = Deleted { deleted: 1_000, ..Deleted::default() };
        let line = UndoingProgress::new(counts, false).line(Duration::from_secs(100));
        assert_eq!(line, "3 min 20 s left, 99,000 of 300,000 deleted, 999 gone already, 1 kept");
        let mut nothing_yet = DeletedKinds::default();
        nothing_yet.of(Kind::User).created = 3;
        assert_eq!(UndoingProgress::new(nothing_yet, false).line(Duration::from_secs(9)), "0 of 3 deleted");
        assert_eq!(UndoingProgress::new(nothing_yet, true).line(Duration::from_secs(9)), "0 of 3 would be deleted");
    }
}
