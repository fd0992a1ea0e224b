//! What a dry run found at the target, for people.

use std::fmt::{self, Write};

use crate::human::{count, plural};
use crate::outcomes::{AtTarget, Validation};
use crate::source::Position;

/// The last column of a screen.
const COLUMNS: usize = 80;

/// What an import would do with the users who were looked up: counts, names and what they mean.
pub(super) fn standings(found: &AtTarget) -> [(&'static str, u64, &'static str); 3] {
    let different = match found.on_existing {
        "update" => "at the target already, would be updated",
        _ => "at the target already, would be left as they are",
    };
    [
        ("new", found.new, "would be created"),
        ("equal", found.equal, "at the target already, as the export has them"),
        ("different", found.different, different),
    ]
}

/// Writes in what users differ, and what of the target an import should know.
pub(super) fn write_found(out: &mut String, found: &AtTarget) -> fmt::Result {
    let AtTarget { identities, different_fields, not_compared, first_different, .. } = found;
    let fields = different_fields.iter().map(|(field, number)| format!("{} {}", field.name(), count(*number)));
    wrapped(out, "  different in: ", fields)?;
    for Position { input, record, line, offset, .. } in first_different {
        writeln!(out, "  {:>14}   {input}: record {}, line {line}, byte {offset}", "", count(*record))?;
    }
    match found.different - first_different.len() as u64 {
        0 => {}
        more => writeln!(out, "  {:>14}   and {} more (--findings FILE names all)", "", count(more))?,
    }
    let hidden = not_compared.iter().map(|(field, number)| format!("{} {}", field.name(), count(*number)));
    wrapped(out, "  not compared, for the target does not show it: ", hidden)?;
    let checked = match found.validation {
        Validation::Done => "; it checked the new users, and created none",
        Validation::NotPermitted => "; this key may not ask it to check new users",
        Validation::Unable => "; it cannot check users without creating them",
    };
    writeln!(out, "The target has {}{checked}.", plural(*identities, "user"))?;
    for scope in &found.missing_scopes {
        writeln!(out, "The key lacks the scope {scope}: an import with it would be refused.")?;
    }
    Ok(())
}

/// Writes parts behind a heading, as many a line as fit a screen.
fn wrapped(out: &mut String, heading: &str, parts: impl Iterator<Item = String>) -> fmt::Result {
    let mut line = String::new();
    for part in parts {
        if line.is_empty() {
            line = format!("{heading}{part}");
        } else if line.len() + part.len() + 3 > COLUMNS {
            writeln!(out, "{line},")?;
            line = format!("    {part}");
        } else {
            line = format!("{line}, {part}");
        }
    }
    if line.is_empty() { Ok(()) } else { writeln!(out, "{line}") }
}
