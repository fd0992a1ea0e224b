//! The report for people who decide and for those who do the work.

use std::fmt::Write as _;

use super::account::{Account, Entry};
use crate::finding::Action;
use crate::kind::Kind;
use crate::swap::Outcome;

/// The whole report.
pub fn markdown(account: &Account) -> String {
    let mut text = String::from("# From Clerk to Avnology ID: this code base\n\n");
    totals(account, &mut text);
    packages(account, &mut text);
    names(account, &mut text);
    entries(account, &mut text);
    files(account, &mut text);
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let written = text.write_fmt(line);
    debug_assert!(written.is_ok());
    text.push('\n');
}

macro_rules! line {
    ($text:expr, $($argument:tt)*) => { line($text, format_args!($($argument)*)) };
}

fn totals(account: &Account, text: &mut String) {
    let totals = &account.totals;
    line!(text, "| | |\n|---|---:|");
    line!(text, "| files looked at | {} |", totals.files);
    line!(text, "| files that have to do with Clerk | {} |", totals.files_of_interest);
    line!(text, "| files that change | {} |", totals.files_changed);
    line!(text, "| names imported from Clerk | {} |", totals.imported);
    line!(text, "| … moved | {} |", totals.moved);
    line!(text, "| … gone with the code that used them | {} |", totals.gone);
    line!(text, "| … left | {} |", totals.left);
    if totals.moved_by_own_rules > 0 {
        line!(text, "| … moved by your own rules | {} |", totals.moved_by_own_rules);
    }
    line!(text, "| entries to check | {} |", totals.to_check);
    line!(text, "| entries about what is left | {} |", totals.entries_left);
    for (skip, number) in &account.not_read {
        line!(text, "| files not read: {} | {number} |", skip.reason());
    }
    line!(text, "\n| about | check | left | files |\n|---|---:|---:|---:|");
    for (kind, sums) in &account.by_kind {
        line!(text, "| {} | {} | {} | {} |", kind.title(), sums.check, sums.left, sums.files);
    }
    text.push('\n');
}

fn packages(account: &Account, text: &mut String) {
    line!(text, "## By package\n\n| folder | package | imported | moved | gone | left | to check | complete |");
    line!(text, "|---|---|---:|---:|---:|---:|---:|---|");
    for one in &account.packages {
        let name = one.name.as_deref().unwrap_or_default();
        let complete = if one.complete { "yes" } else { "no" };
        let (imported, moved, gone, left, check) = (one.imported, one.moved, one.gone, one.left, one.to_check);
        let folder = quoted(&one.folder);
        line!(text, "| {folder} | {name} | {imported} | {moved} | {gone} | {left} | {check} | {complete} |");
    }
    text.push('\n');
}

fn names(account: &Account, text: &mut String) {
    if account.by_name.is_empty() {
        return;
    }
    line!(text, "## By name\n\n| module | name | moved | gone | left |\n|---|---|---:|---:|---:|");
    for one in &account.by_name {
        let (module, name) = (quoted(&one.module), quoted(&one.name));
        line!(text, "| {module} | {name} | {} | {} | {} |", one.moved, one.gone, one.left);
    }
    text.push('\n');
}

fn entries(account: &Account, text: &mut String) {
    for kind in Kind::ALL {
        let of_kind: Vec<&Entry> = account.entries.iter().filter(|entry| entry.finding.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        line!(text, "## {}\n", kind.title());
        let mut module = None;
        for entry in of_kind {
            if kind == Kind::OtherPackage && module != entry.finding.module.as_deref() {
                module = entry.finding.module.as_deref();
                line!(text, "### {}\n", module.unwrap_or_default());
            }
            self::entry(entry, text);
        }
        text.push('\n');
    }
}

fn entry(entry: &Entry, text: &mut String) {
    let finding = &entry.finding;
    let mark = match finding.action {
        Action::Check => "check",
        Action::Left => "left",
    };
    let lines: Vec<String> = finding.lines.iter().map(ToString::to_string).collect();
    let place = quoted(&format!("{}:{}:{}", entry.path, lines.first().map_or("", String::as_str), finding.column));
    let more = if lines.len() > 1 { format!(" (lines {})", lines.join(", ")) } else { String::new() };
    let code = finding.code.name();
    line!(text, "- {place}{more} **{mark}** `{code}` {}: {}", quoted(&finding.subject), finding.sentence);
    for more in finding.suggestion.iter().chain(&finding.details) {
        line!(text, "  - {more}");
    }
}

fn files(account: &Account, text: &mut String) {
    line!(text, "## By file\n\n| file | changes | moved | gone | left | entries |\n|---|---|---:|---:|---:|---:|");
    for file in &account.files {
        let count = |outcome| file.names.iter().filter(|name| name.outcome == outcome).count();
        let changes = if file.changed { "yes" } else { "" };
        let (moved, gone, left) = (count(Outcome::Moved), count(Outcome::Gone), count(Outcome::Left));
        line!(text, "| {} | {changes} | {moved} | {gone} | {left} | {} |", quoted(&file.path), file.entries.len());
    }
}

/// As code; a text with a backtick keeps it.
fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
