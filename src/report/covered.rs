//! Which fields the users of an export have, for people.

use std::fmt::{self, Write};

use crate::human::{count, plural};
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written(coverage: &Coverage, valid: u64) -> String {
        let mut text = String::new();
        write_coverage(&mut text, coverage, valid).unwrap();
        text
    }

    #[test]
    fn every_field_and_the_providers_with_the_most_users_are_shown_in_80_columns() {
        let providers = [
            ("a", 1),
            ("google", 120_000),
            ("github", 90_000),
            ("b", 2),
            ("microsoft", 80_000),
            ("custom_acme", 70_000),
            ("apple", 60_000),
        ];
        let fields = [1_234_567, 2, 3, 4, 5, 6, 7, 300_000];
        let text = written(&Coverage::of_counts(1_234_567, fields, &providers, 3), 1_234_566);
        assert_eq!(
            text,
            "Fields (how many of 1,234,567 users have each, 1 duplicate among them):
       1,234,567 email                            2 phone
               3 username                         4 password
               5 public_metadata                  6 private_metadata
               7 unsafe_metadata            300,000 social_sign_in
  by provider: google 120,000, github 90,000, microsoft 80,000,
    custom_acme 70,000, apple 60,000, others 6
"
        );
        assert_eq!(written(&Coverage::of_counts(1, [1; 8], &[], 0), 1).lines().count(), 5, "no line without providers");
        assert_eq!(written(&Coverage::default(), 0), "");
    }
}
