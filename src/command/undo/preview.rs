//! What undoing a run would do, for people and for programs.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::cli::OutputFormat;
use crate::human::{count, plural};
use crate::journal::RunRecord;
use crate::report::{Deleted, StdoutError, print_json};
use crate::settings::OutputSettings;

#[derive(Serialize)]
struct UndoPreview<'a> {
    run: &'a str,
    target: &'a str,
    dry_run: bool,
    /// `deleted` are those that would be.
    counts: &'a Deleted,
    /// Identities that the run changed. They stay as they are.
    updated: u64,
    /// Identities that the run disabled because their users were missing, and that would be enabled again.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<u64>,
}

/// Prints what would be deleted, and what would be kept. `force` is `--force`.
pub(super) fn print(
    record: &RunRecord,
    counts: &Deleted,
    (updated, enabled): (u64, u64),
    (force, output): (bool, &OutputSettings),
) -> Result<(), StdoutError> {
    let enabled = (enabled > 0).then_some(enabled);
    let preview = UndoPreview { run: &record.id, target: &record.target, dry_run: true, counts, updated, enabled };
    let printed = if output.format == OutputFormat::Json { print_json(&preview) } else { Ok(()) };
    let kept = counts.kept();
    let exceptions =
        (kept > 0).then(|| format!("{} of {} would be kept", count(kept), plural(counts.created, "identity")));
    output.console.account(|out| summary(out, &preview, force), &preview, exceptions.as_deref());
    printed
}

fn summary(out: &mut String, preview: &UndoPreview<'_>, force: bool) -> fmt::Result {
    let UndoPreview { run, target, counts, updated, .. } = preview;
    let created = plural(counts.created, "identity");
    writeln!(out, "Dry run: nothing was deleted. Run {run} created {created} at {target}:\n")?;
    let deleted = if force { "would be deleted, changed ones among them (--force)" } else { "would be deleted" };
    writeln!(out, "  {:>14} {deleted}", counts.deleted)?;
    for (count, what) in [
        (counts.signed_in, "  of these have signed in since"),
        (counts.sign_ins_unknown, "  of these: the target does not say whether they have signed in"),
        (counts.gone_already, "are gone already"),
        (counts.kept_changed, "would be kept: changed since (--force deletes them too)"),
        (counts.kept_not_ours, "would be kept: not the run's own any more"),
        (counts.in_doubt, "in doubt: perhaps created by the run, and would be kept"),
        (*updated, "updated by the run: undo takes no update back"),
    ] {
        if count > 0 {
            writeln!(out, "  {count:>14} {what}")?;
        }
    }
    Ok(())
}
