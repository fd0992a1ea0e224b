//! What stands on the terminal at the end.

use super::account::Account;

/// How many entries the summary shows.
const SHOWN: usize = 10;

/// A few lines for people: the sums, what blocks most, and how far each folder is.
pub fn summary(account: &Account) -> Vec<String> {
    let totals = &account.totals;
    let mut lines = vec![
        format!(
            "{} looked at, {} with something of Clerk's or Avnology's, {} changed",
            files(totals.files),
            count(totals.files_of_interest),
            count(totals.files_changed)
        ),
        format!(
            "{} imported from Clerk: {} moved, {} gone, {} left",
            if totals.imported == 1 { "1 name".to_owned() } else { format!("{} names", count(totals.imported)) },
            count(totals.moved),
            count(totals.gone),
            count(totals.left)
        ),
        format!(
            "{} to check, {} about what is left",
            if totals.to_check == 1 { "1 entry".to_owned() } else { format!("{} entries", count(totals.to_check)) },
            count(totals.entries_left)
        ),
    ];
    if totals.moved_by_own_rules > 0 {
        lines.push(format!("{} of the names moved by your own rules", totals.moved_by_own_rules));
    }
    lines.extend(
        account.not_read.iter().map(|(skip, number)| format!("not read: {} {}", files(*number), skip.reason())),
    );
    if !account.by_kind.is_empty() {
        lines.push(String::new());
        lines.push(format!("{:<28} {:>6} {:>6} {:>6}", "about", "check", "left", "files"));
        let rows = account.by_kind.iter();
        lines.extend(
            rows.map(|(kind, sum)| format!("{:<28} {:>6} {:>6} {:>6}", kind.title(), sum.check, sum.left, sum.files)),
        );
    }
    let open: Vec<_> = account.packages.iter().filter(|package| package.imported > 0 || !package.complete).collect();
    if open.len() > 1 {
        lines.push(String::new());
        for package in open {
            let state = if package.complete { "complete".to_owned() } else { format!("{} left", package.left) };
            lines.push(format!("{}: {} of {} names moved, {state}", package.folder, package.moved, package.imported));
        }
    }
    if !account.entries.is_empty() {
        lines.push(String::new());
        lines.push("What blocks most:".to_owned());
        for entry in account.entries.iter().take(SHOWN) {
            let line = entry.finding.lines.first().copied().unwrap_or_default();
            let (code, sentence) = (entry.finding.code.name(), &entry.finding.sentence);
            lines.push(format!("  {}:{line} {code}: {sentence}", entry.path));
        }
        let more = account.entries.len().saturating_sub(SHOWN);
        if more > 0 {
            lines.push(format!("  … and {more} more: --report FILE.md writes them all"));
        }
    }
    lines
}

/// A number with commas between the thousands.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{} files", count(number)) }
}
