//! package.json: Avnology's packages come in where Clerk's is, which goes when nothing names it any more.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::edit::Edit;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::syntax::{JsonEntry, JsonSection, Range, UNKNOWN_PART};

/// Where dependencies stand.
const SECTIONS: [&str; 4] = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
/// The one package of Clerk's of which names move.
const CLERK: &str = "@clerk/nextjs";

/// The dependencies that package.json names, and which of them its code uses.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// Packages of Avnology's that code imports now.
    pub needed: BTreeSet<String>,
    /// Packages of Clerk's that files still name.
    pub still_named: BTreeSet<String>,
    /// The version of what is added.
    pub version: Option<String>,
}

impl Dependencies {
    /// Whether a file names this package, or could when it runs: a name of which only the beginning is known may be its name.
    fn may_still_use(&self, package: &str) -> bool {
        let may_be = |named: &String| {
            named.split_once(UNKNOWN_PART).map_or(named == package, |(begin, _)| package.starts_with(begin))
        };
        self.still_named.iter().any(may_be)
    }
}

/// What becomes of a package.json.
#[derive(Debug, Default)]
pub struct PackageEdit {
    /// The changes.
    pub edits: Vec<Edit>,
    /// What there is to say.
    pub found: Vec<Found>,
    /// Packages of Avnology's that it names afterwards.
    pub named: BTreeSet<String>,
}

/// Decides about a package.json.
pub fn edit_package(text: &str, sections: &[JsonSection], dependencies: &Dependencies) -> PackageEdit {
    let mut result = PackageEdit::default();
    let sections: Vec<&JsonSection> =
        sections.iter().filter(|section| SECTIONS.contains(&section.name.as_str())).collect();
    let entries = || sections.iter().flat_map(|section| section.entries.iter().map(move |entry| (*section, entry)));
    let named = |package: &str| entries().any(|(_, entry)| entry.key == package);
    result.named = dependencies.needed.iter().filter(|package| named(package)).cloned().collect();
    let missing: Vec<&String> = dependencies.needed.iter().filter(|package| !named(package)).collect();
    let clerk = entries().find(|(_, entry)| entry.key == CLERK);
    let is_catalog =
        clerk.is_some_and(|(_, entry)| entry.value.as_deref().is_some_and(|value| value.starts_with("catalog:")));
    let added: Vec<(&String, &String)> = match &dependencies.version {
        Some(version) if clerk.is_some() && !is_catalog => missing.iter().map(|package| (*package, version)).collect(),
        _ => Vec::new(),
    };
    if added.is_empty() {
        for package in &missing {
            let (code, sentence) = if is_catalog {
                (
                    Code::PackageCatalog,
                    format!("{package} is needed; versions are in the workspace's catalog, which was left."),
                )
            } else {
                (Code::PackageVersion, format!("Code imports {package}, and package.json does not name it."))
            };
            let at = clerk.map_or(0, |(_, entry)| entry.range.start);
            result.found.push(Found::new(Kind::Package, code, Action::Left, *package, vec![at]).saying(sentence));
        }
    }
    let goes = |entry: &JsonEntry| {
        entry.key == CLERK
            && !dependencies.may_still_use(CLERK)
            && !dependencies.needed.is_empty()
            && added.len() == missing.len()
            && !is_catalog
    };
    // A library has it among its peer dependencies and for its own tests.
    for (section, entry) in entries().filter(|(_, entry)| entry.key == CLERK) {
        let is_gone = goes(entry);
        let lines: Vec<String> =
            added.iter().map(|(package, version)| format!("{}: {}", quoted(package), quoted(version))).collect();
        let between = between(text, section, entry);
        if is_gone && added.is_empty() {
            result.edits.push(removal(section, entry));
        } else if is_gone {
            result.edits.push(Edit::replace(entry.range.start, entry.range.end, lines.join(&between)));
        } else if !added.is_empty() {
            result.edits.push(Edit::insert(entry.range.start, format!("{}{between}", lines.join(&between))));
        }
        result.named.extend(added.iter().map(|(package, _)| (*package).clone()));
    }
    let stays = entries().filter(|(_, entry)| entry.key.starts_with("@clerk/") && !goes(entry));
    let waits = !missing.is_empty() && added.is_empty();
    result.found.extend(stays.map(|(_, entry)| left(entry, dependencies, waits)));
    result
}

/// The entry of a package of Clerk's that stays; `waits` if its successors are not added.
fn left(entry: &JsonEntry, dependencies: &Dependencies, waits: bool) -> Found {
    let sentence = if dependencies.still_named.contains(&entry.key) {
        format!("{} is still used.", entry.key)
    } else if dependencies.may_still_use(&entry.key) {
        format!("{} may still be used: it is not known what each file names.", entry.key)
    } else if entry.key == CLERK && waits {
        format!("No file names {} any more; it goes when its successors are added.", entry.key)
    } else {
        format!("{} is in package.json; nothing moves from it.", entry.key)
    };
    Found::new(Kind::Package, Code::PackageLeft, Action::Left, &entry.key, vec![entry.range.start]).saying(sentence)
}

fn quoted(text: &str) -> serde_json::Value {
    serde_json::Value::from(text)
}

/// What stands between two entries here: what stands before this one; for the first one, a comma and what stands behind the
/// brace.
fn between(text: &str, section: &JsonSection, entry: &JsonEntry) -> String {
    let from = |start| Range { start, end: entry.range.start }.of(text);
    let previous = section.entries.iter().take_while(|other| other.range.start < entry.range.start).last();
    previous.map_or_else(|| format!(",{}", from(section.inner.start)), |previous| from(previous.range.end).to_owned())
}

fn removal(section: &JsonSection, entry: &JsonEntry) -> Edit {
    let next = section.entries.iter().find(|other| other.range.start > entry.range.start);
    let previous = section.entries.iter().take_while(|other| other.range.start < entry.range.start).last();
    match (previous, next) {
        (_, Some(next)) => Edit::remove(entry.range.start, next.range.start),
        (Some(previous), None) => Edit::remove(previous.range.end, entry.range.end),
        (None, None) => Edit::remove(entry.range.start, entry.range.end),
    }
}
