//! The summary at the end of a run, for people.

mod codes;

use std::fmt::{self, Write};

use codes::{all_notices, rejects};

use super::covered::write_coverage;
use super::found_there::{standings, write_found};
use super::joined_memberships::write_joined_memberships;
use super::no_longer_there::write_missing;
use super::run_report::RunDetails;
use crate::human::{bytes, count, duration, plural};
use crate::kind::Kind;
use crate::outcomes::{Counts, InputProgress, Ledger};
use crate::passwords::PasswordsReport;
use crate::source::SkippedRows;

/// Writes the summary of a run. It names positions and codes, never a person.
pub fn write_summary(out: &mut String, ledger: &Ledger, details: &RunDetails) -> fmt::Result {
    headline(out, ledger, details)?;
    let counts = ledger.counts();
    outcomes(out, &counts, ledger)?;
    steps(out, ledger)?;
    roles(out, ledger)?;
    details.forecast.as_ref().map_or(Ok(()), |forecast| forecast.write(out))?;
    for InputProgress { input, skipped_rows, .. } in &ledger.inputs {
        skipped(out, input, *skipped_rows)?;
    }
    if let Some(report) = &details.passwords {
        passwords(out, report)?;
    }
    if let Some(report) = &details.memberships {
        write_joined_memberships(out, report)?;
    }
    if let Some(report) = &details.missing {
        write_missing(out, report)?;
    }
    rejects(out, ledger)?;
    all_notices(out, ledger)?;
    if ledger.password_resets > 0 || counts.valid.is_some_and(|valid| valid > 0) {
        writeln!(out, "\n{} to set a new password.", users_have(ledger.password_resets))?;
    }
    let of_users = ledger.steps().into_iter().find(|(kind, _)| *kind == Kind::User).map(|(_, counts)| counts);
    let valid = of_users.unwrap_or(counts).valid.unwrap_or(0);
    write_coverage(out, &ledger.forecast_counts.coverage, valid + ledger.rejected_by_target())?;
    files(out, ledger, details)
}

/// Writes what became of the records of a run whose account is made again of its journal, with these counts.
pub fn write_findings(out: &mut String, ledger: &Ledger, counts: &Counts) -> fmt::Result {
    outcomes(out, counts, ledger)?;
    rejects(out, ledger)?;
    all_notices(out, ledger)?;
    if ledger.password_resets > 0 {
        writeln!(out, "\n{} to set a new password.", users_have(ledger.password_resets))?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "rates are for display")]
fn headline(out: &mut String, ledger: &Ledger, details: &RunDetails) -> fmt::Result {
    let Counts { read, .. } = ledger.counts();
    let how = match (&ledger.stopped, ledger.is_dry_run()) {
        (None, true) if ledger.at_target.is_some() => "Dry run: nothing was created or changed",
        (None, true) => "Dry run: nothing was sent",
        (None, false) => "Import finished",
        (Some(_), true) => "Dry run STOPPED",
        (Some(_), false) => "Import STOPPED",
    };
    let seconds = ledger.elapsed.as_secs_f64().max(0.001);
    write!(out, "{how}: {} read in {}", plural(read, "record"), duration(ledger.elapsed))?;
    if ledger.continued_records > 0 {
        write!(out, ", {} of them in an earlier part", count(ledger.continued_records))?;
    }
    write!(out, " ({}", bytes(ledger.bytes_read() as f64))?;
    if ledger.elapsed.as_millis() >= 500 {
        write!(out, ", {}/s", bytes(ledger.bytes_read().saturating_sub(ledger.continued_from) as f64 / seconds))?;
    }
    writeln!(out, ").")?;
    if let Some(shard) = ledger.shard {
        let left = plural(ledger.left_to_others(), "record");
        writeln!(out, "Shard {shard}: {left} left to the others.")?;
    }
    if let Some(selection) = &details.selection {
        writeln!(out, "{selection}")?;
    }
    if !details.shards.is_empty() {
        writeln!(out, "Merged from {}.", plural(details.shards.len() as u64, "shard"))?;
    }
    if let Some(target) = &details.target {
        let retries =
            if ledger.retries > 0 { format!(", {} of them retries", count(ledger.retries)) } else { String::new() };
        writeln!(out, "Target: {target} ({}{retries})", plural(ledger.requests, "request"))?;
    }
    ledger.without_records().iter().try_for_each(|input| writeln!(out, "There is no record in {input}."))
}

fn outcomes(out: &mut String, counts: &Counts, ledger: &Ledger) -> fmt::Result {
    let not_asked = ledger.not_asked;
    writeln!(out)?;
    let mut line = |name: &str, number: u64, meaning: &str| {
        writeln!(out, "{}", format!("  {:>14} {name:<11} {meaning}", count(number)).trim_end())
    };
    if let Some(found) = &ledger.at_target {
        standings(found).into_iter().try_for_each(|(name, number, meaning)| line(name, number, meaning))?;
    } else if let Some(valid) = counts.valid {
        line("valid", valid, "would be sent")?;
    } else {
        line("created", counts.created, "new at the target")?;
        if counts.updated > 0 {
            line("updated", counts.updated, "at the target already, now as the export says")?;
        }
        line("unchanged", counts.unchanged, "at the target already, left as they are")?;
        if not_asked > 0 {
            line("of these", not_asked, "confirmed in an earlier run and not asked about (--recheck does)")?;
        }
    }
    line("rejected", counts.rejected, if counts.rejected > 0 { "see below" } else { "" })?;
    if counts.unfinished > 0 {
        line("unfinished", counts.unfinished, "read, but not settled: the same command resumes them")?;
    }
    if let Some(found) = &ledger.at_target {
        let open = counts.valid.unwrap_or(0).saturating_sub(found.settled());
        if open > 0 {
            line("unknown", open, "not looked up before it stopped")?;
        }
        write_found(out, found)?;
    }
    Ok(())
}

/// Writes a line for each step, if there are several.
fn steps(out: &mut String, ledger: &Ledger) -> fmt::Result {
    let steps = ledger.steps();
    if !steps.is_empty() {
        writeln!(out, "\nBy step:")?;
    }
    for (kind, Counts { valid, created, updated, unchanged, rejected, unfinished, .. }) in steps {
        let named = [
            (valid.unwrap_or_default(), "valid"),
            (created, "created"),
            (updated, "updated"),
            (unchanged, "unchanged"),
            (rejected, "rejected"),
            (unfinished, "unfinished"),
        ];
        let named = named.into_iter().filter(|(number, _)| *number > 0);
        let named: Vec<String> = named.map(|(number, what)| format!("{} {what}", count(number))).collect();
        let all = if named.is_empty() { "nothing".to_owned() } else { named.join(", ") };
        writeln!(out, "  {:>14} {all}", kind.plural())?;
    }
    Ok(())
}

/// Writes which roles members have, in a dry run.
fn roles(out: &mut String, ledger: &Ledger) -> fmt::Result {
    if !ledger.forecast_counts.roles.is_empty() {
        writeln!(out, "Roles of members:")?;
    }
    for (role, members, is_documented) in ledger.forecast_counts.roles.iter() {
        let alone =
            if is_documented { "" } else { "  no role of members: a tuple alone ([roles] gives it another name)" };
        writeln!(out, "  {:>14} {role}{alone}", count(members))?;
    }
    Ok(())
}

/// Writes a line about rows of a CSV that are not records.
fn skipped(out: &mut String, input: &str, rows: SkippedRows) -> fmt::Result {
    let SkippedRows { empty, headers } = rows;
    let repeats = |headers: u64| {
        format!("{} that {} the header", count(headers), if headers == 1 { "repeats" } else { "repeat" })
    };
    let what = match (empty, headers) {
        (0, 0) => return Ok(()),
        (empty, 0) => plural(empty, "empty row"),
        (0, 1) => "1 row that repeats the header".to_owned(),
        (0, headers) => format!("{} rows that repeat the header", count(headers)),
        (empty, headers) => format!("{} and {}", plural(empty, "empty row"), repeats(headers)),
    };
    writeln!(out, "\n{input}: skipped {what}; there is no user in them.")
}

/// Writes the result of the join. The report names the users and rows.
fn passwords(out: &mut String, report: &PasswordsReport) -> fmt::Result {
    writeln!(out, "\nPasswords in {}:", report.file)?;
    let mut line = |number: u64, one: &str, many: &str| {
        writeln!(out, "  {:>14} {}", count(number), if number == 1 { one } else { many })
    };
    line(report.joined, "user has a row in it", "users have a row in it")?;
    let without = report.users_without_row.count;
    line(without, "user has no readable row in it", "users have no readable row in it")?;
    if let Some(rows) = &report.rows_without_user {
        line(rows.count, "row has no user", "rows have no user")?;
    }
    let (conflicts, repeated, unreadable) = (&report.conflicts, &report.repeated, &report.unreadable);
    let rare = [
        (
            conflicts.count,
            "user has another hash in it, which was taken",
            "users have another hash in it, which was taken",
        ),
        (
            repeated.count,
            "row has the id of an earlier one and was ignored",
            "rows have the id of an earlier one and were ignored",
        ),
        (unreadable.count, "row is broken or has no id", "rows are broken or have no id"),
    ];
    rare.into_iter().filter(|(number, ..)| *number > 0).try_for_each(|(number, one, many)| line(number, one, many))?;
    skipped(out, &report.file, report.skipped_rows)
}

fn users_have(number: u64) -> String {
    format!("{} {}", plural(number, "user"), if number == 1 { "has" } else { "have" })
}

fn files(out: &mut String, ledger: &Ledger, details: &RunDetails) -> fmt::Result {
    if ledger.rejects_file.is_some() || details.report_file.is_some() || details.sandbox_database.is_some() {
        writeln!(out)?;
    }
    if let Some(path) = &ledger.rejects_file {
        writeln!(out, "Rejects: {} (mend the records in it and give it to --import)", path.display())?;
    }
    for path in &ledger.earlier_rejects {
        writeln!(out, "         {} (earlier ones; the file was changed before the run was finished)", path.display())?;
    }
    if let Some(path) = &details.report_file {
        writeln!(out, "Report:  {path}")?;
    }
    if let Some(path) = &details.personal_data {
        writeln!(out, "Private: {path} (personal data; `runs prune` removes what is old)")?;
    }
    if let Some(database) = &details.sandbox_database {
        writeln!(out, "Sandbox: {database}")?;
        writeln!(out, "         try a migrated password: avnology sandbox --db {database}")?;
    }
    Ok(())
}
