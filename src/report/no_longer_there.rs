//! Who is no longer in the export, in the summary of an import.

use std::fmt::{self, Write};

use crate::human::{count, plural};
use crate::missing::{MissingMembershipsReport, MissingReport};

/// Writes what came of users who are no longer in the export.
pub(super) fn write_missing(out: &mut String, report: &MissingReport) -> fmt::Result {
    let MissingReport { rule, known, missing, settled_before, records_without_id, .. } = report;
    writeln!(out, "\nNo longer in the export, of {} whom earlier runs created:", plural(*known, "user"))?;
    let mut line = |number: u64, what: &str| {
        if number > 0 { writeln!(out, "  {:>14} {what}", count(number)) } else { Ok(()) }
    };
    line(*missing, "missing")?;
    line(report.disabled, "disabled at the target (`undo` of this run enables them again)")?;
    line(report.disabled_by_others, "disabled at the target already, left as they are")?;
    line(report.gone, "not at the target any more")?;
    line(report.not_proven, "kept: nothing proves that the identity is the user's still")?;
    line(report.enabled, "back in the export: enabled again, for an earlier run had disabled them")?;
    line(*settled_before, "missing for longer: settled by an earlier run")?;
    if *missing + *settled_before + report.enabled == 0 {
        writeln!(out, "  {:>14} nobody", "")?;
    }
    if *records_without_id > 0 && *missing > 0 {
        let who = if rule.disables_users() { "so nobody is disabled" } else { "so look before you act" };
        writeln!(
            out,
            "They may be in the export all the same: the id of {} cannot be read, {who}.",
            plural(*records_without_id, "record")
        )?;
    }
    if let Some(file) = &report.file {
        writeln!(out, "They are named in {file}")?;
    }
    report.memberships.as_ref().map_or(Ok(()), |memberships| write_memberships(out, memberships))
}

/// Writes what came of memberships that are no longer in the export.
fn write_memberships(out: &mut String, report: &MissingMembershipsReport) -> fmt::Result {
    let known = plural(report.known, "membership");
    writeln!(out, "\nNo longer in the export, of {known} that earlier runs created:")?;
    for (number, what) in [
        (report.missing, "missing, although their users and organizations are there"),
        (report.removed, "removed at the target (`undo` of this run puts them back)"),
        (report.roles_taken_back, "roles taken back with them"),
        (report.gone, "not at the target any more"),
        (report.not_proven, "kept: nothing proves that they are of the import, or whose they are"),
        (report.failed, "kept: the target did not remove them, or not their role; the next run tries again"),
        (report.settled_before, "missing for longer: settled by an earlier run"),
        (report.without_user_or_organization, "missing with their users or organizations: left as they are"),
        (report.of_incomplete_users, "of users whose record is broken or lists only some: left as they are"),
    ] {
        if number > 0 {
            writeln!(out, "  {:>14} {what}", count(number))?;
        }
    }
    if report.missing + report.settled_before + report.without_user_or_organization + report.of_incomplete_users == 0 {
        writeln!(out, "  {:>14} none", "")?;
    }
    if report.records_without_id > 0 && report.missing > 0 {
        writeln!(
            out,
            "They may be in the export all the same: {} do not say whose they are, so nothing is removed.",
            plural(report.records_without_id, "record")
        )?;
    }
    match &report.file {
        Some(file) => writeln!(out, "They are named in {file}"),
        None => Ok(()),
    }
}
