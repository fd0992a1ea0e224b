//! Which fields the users of an export have, for people.

use std::fmt::{self, Write};

use super::human::{count, plural};
use crate::mapping::{Coverage, CoveredField};

/// How many providers are named. The report has more.
const NAMED: usize = 5;

/// The last column of a screen.
const COLUMNS: usize = 80;

/// Writes two fields a line, and the providers below. `valid` is how many of the users would be sent.
pub(super) fn write_coverage(out: &mut String, coverage: &Coverage, valid: u64) -> fmt::Result {
    let users = coverage.users();
    if users == 0 {
        return Ok(());
    }
    let duplicates = match users.saturating_sub(valid) {
        0 => String::new(),
        duplicates => format!(", {} among them", plural(duplicates, "duplicate")),
    };
    writeln!(out, "Fields (how many of {} have each{duplicates}):", plural(users, "user"))?;
    for pair in CoveredField::ALL.chunks(2) {
        let cells = pair.iter().map(|field| format!("  {:>14} {:<18}", count(coverage.of(*field)), field.name()));
        writeln!(out, "{}", cells.collect::<String>().trim_end())?;
    }
    providers(out, coverage)
}

/// Writes the providers of social sign-ins, as many as fit on lines of a screen.
fn providers(out: &mut String, coverage: &Coverage) -> fmt::Result {
    let providers = coverage.providers();
    let (named, others) = providers.split_at(providers.len().min(NAMED));
    let others = others.iter().map(|(_, users)| users).sum::<u64>() + coverage.other_providers();
    let others = (others > 0).then_some(("others", others));
    let mut line = String::new();
    for (name, users) in named.iter().copied().chain(others) {
        let part = format!("{name} {}", count(users));
        if line.is_empty() {
            line = format!("  by provider: {part}");
        } else if line.len() + part.len() + 2 > COLUMNS {
            writeln!(out, "{line},")?;
            line = format!("    {part}");
        } else {
            line = format!("{line}, {part}");
        }
    }
    if line.is_empty() { Ok(()) } else { writeln!(out, "{line}") }
}
