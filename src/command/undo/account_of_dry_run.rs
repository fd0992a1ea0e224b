//! What undoing a run would do, for people and for programs.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::account_by_kind::write_kinds;
use super::account_of_restoring::{RestoringReport, UndoRestoring};
use super::undo_reports::UndoReports;
use crate::command::shared::command_error::CommandError;
use crate::human::{count, plural};
use crate::journal::RunRecord;
use crate::report::{Deleted, DeletedKinds};
use crate::settings::OutputSettings;

#[derive(Serialize)]
struct UndoDryRun<'a> {
    run: &'a str,
    target: &'a str,
    dry_run: bool,
    /// `deleted` are those that would be.
    counts: &'a Deleted,
    /// Of a tenant, the same of each kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<&'a DeletedKinds>,
    #[serde(flatten)]
    restoring: RestoringReport,
}

/// Says what would be deleted, and what would be kept, to people and to programs. `force` is `--force`.
pub(super) fn print(
    record: &RunRecord,
    counts: &DeletedKinds,
    restoring: &UndoRestoring,
    force: bool,
    (output, reports): (&OutputSettings, &mut UndoReports),
) -> Result<(), CommandError> {
    let all = counts.all();
    let kinds = counts.is_of_tenant().then_some(counts);
    let (run, target, restoring) = (&record.id, &record.target, restoring.report());
    let would_be = UndoDryRun { run, target, dry_run: true, counts: &all, kinds, restoring };
    let given = reports.give(&would_be, output);
    let kept = all.kept();
    let exceptions =
        (kept > 0).then(|| format!("{} of {} would be kept", count(kept), plural(all.created, counts.noun())));
    output.console.account(|out| summary(out, &would_be, counts, force), &would_be, exceptions.as_deref());
    given
}

fn summary(out: &mut String, would_be: &UndoDryRun<'_>, kinds: &DeletedKinds, force: bool) -> fmt::Result {
    let UndoDryRun { run, target, counts, restoring, .. } = would_be;
    let created = plural(counts.created, kinds.noun());
    writeln!(out, "Dry run: nothing was deleted. Run {run} created {created} at {target}:\n")?;
    let deleted = if force { "would be deleted, changed ones among them (--force)" } else { "would be deleted" };
    writeln!(out, "  {:>14} {deleted}", count(counts.deleted))?;
    for (number, what) in [
        (counts.signed_in, "  of these have signed in since"),
        (counts.sign_ins_unknown, "  of these: the target does not say whether they have signed in"),
        (counts.gone_already, "are gone already"),
        (counts.kept_changed, "would be kept: changed since (--force deletes them too)"),
        (counts.kept_not_ours, "would be kept: not the run's own any more"),
        (counts.failed, "would be kept: others have put members or roles into them since (--force deletes them too)"),
        (counts.in_doubt, "in doubt: perhaps created by the run, and would be kept"),
        (restoring.updated, "updated by the run: undo takes no update back"),
    ] {
        if number > 0 {
            writeln!(out, "  {:>14} {what}", count(number))?;
        }
    }
    write_kinds(out, kinds, "would be deleted", "would be kept")
}
