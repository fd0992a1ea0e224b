//! What undoing a run came to: for people, and as JSON.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::account_by_kind::write_kinds;
use super::account_of_restoring::{RestoringReport, UndoRestoring};
use super::undo_reports::UndoReports;
use crate::command::shared::command_error::CommandError;
use crate::human::{count, plural, plural_past};
use crate::journal::{RunDirectory, RunRecord, UndoneRecord};
use crate::report::{Deleted, DeletedKinds};
use crate::settings::OutputSettings;

/// What came of undoing a run until now. Broken off earlier than the last time, it has deleted no less.
pub(super) fn undone(counts: &Deleted, before: Option<UndoneRecord>) -> UndoneRecord {
    let Deleted { deleted, gone_already, kept_changed, kept_not_ours, failed, .. } = counts;
    let deleted_before = before.map_or(0, |before| before.deleted);
    UndoneRecord { deleted: (deleted + gone_already).max(deleted_before), kept: kept_changed + kept_not_ours + failed }
}

/// Gives the account to people and to programs.
pub(super) fn print(
    record: &RunRecord,
    directory: &RunDirectory,
    counts: &DeletedKinds,
    restoring: &UndoRestoring,
    (output, reports): (&OutputSettings, &mut UndoReports),
) -> Result<(), CommandError> {
    #[derive(Serialize)]
    struct UndoReport<'a> {
        run: &'a str,
        target: &'a str,
        counts: &'a Deleted,
        /// Of a tenant, the same of each kind.
        #[serde(skip_serializing_if = "Option::is_none")]
        kinds: Option<&'a DeletedKinds>,
        #[serde(flatten)]
        restoring: RestoringReport,
        #[serde(skip_serializing_if = "Option::is_none")]
        in_doubt_file: Option<String>,
    }
    let all = counts.all();
    let in_doubt_file = (all.in_doubt > 0).then(|| directory.in_doubt().display().to_string());
    let kinds = counts.is_of_tenant().then_some(counts);
    let (run, target, restoring) = (&record.id, &record.target, restoring.report());
    let report = UndoReport { run, target, counts: &all, kinds, restoring, in_doubt_file };
    let given = reports.give(&report, output);
    let kept = all.kept();
    let exceptions = (kept > 0).then(|| format!("{} of {} kept", count(kept), plural_past(all.created, counts.noun())));
    let updated = report.restoring.updated;
    output.console.account(|out| summary(out, record, counts, updated), &report, exceptions.as_deref());
    if let Some(path) = &report.in_doubt_file {
        output.console.error(&in_doubt(all.in_doubt, path, &record.id));
    }
    given
}

fn summary(out: &mut String, record: &RunRecord, counts: &DeletedKinds, updated: u64) -> fmt::Result {
    let Deleted { created, deleted, signed_in, gone_already, kept_changed, kept_not_ours, failed, in_doubt, .. } =
        counts.all();
    if created > 0 || in_doubt > 0 {
        writeln!(out, "Run {} had created {}:\n", record.id, plural(created, counts.noun()))?;
    } else {
        let stop = if updated > 0 { ":\n" } else { "." };
        writeln!(out, "Run {} had created no identities{stop}", record.id)?;
    }
    for (number, what) in [
        (deleted, "deleted"),
        (signed_in, "  of these had signed in since"),
        (gone_already, "were gone already"),
        (kept_changed, "kept: changed since (--force deletes them too)"),
        (kept_not_ours, "kept: not the run's own any more"),
        (failed, "kept: the target did not delete them"),
        (in_doubt, "in doubt: perhaps created by the run, and kept"),
        (updated, "updated by the run: undo takes no update back"),
    ] {
        if number > 0 {
            writeln!(out, "  {:>14} {what}", count(number))?;
        }
    }
    write_kinds(out, counts, "deleted", "kept")
}

/// How to settle what nothing at the target proves.
fn in_doubt(count: u64, path: &str, run: &str) -> String {
    let users = plural(count, "user");
    format!(
        "it is not known whether run {run} created {users} whose answers were lost: they carry no mark of a run, so they \
         are kept. They are named in {path}: look them up at the target by their external ids (of a run of an older version: \
         find the records in its export) and delete the ones that ought not to be there; then `avnology migrate clerk undo \
         {run}` finds nothing in doubt any more"
    )
}
