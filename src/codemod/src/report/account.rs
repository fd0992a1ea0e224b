//! The account of a run: totals that add up, and every entry in the order in which it blocks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{Action, Finding};
use crate::kind::Kind;
use crate::project::{FilePlan, PackageStatus, Plan, Skip};
use crate::swap::{NameUse, Outcome};

/// The whole of what a run found and did.
#[derive(Debug, Serialize)]
pub struct Account {
    /// The sums.
    pub totals: Totals,
    /// Why files were not read, with their numbers.
    pub not_read: BTreeMap<Skip, usize>,
    /// Entries by what they are about.
    pub by_kind: BTreeMap<Kind, KindTotals>,
    /// Names by module and name.
    pub by_name: Vec<NameTotals>,
    /// The folders.
    pub packages: Vec<PackageStatus>,
    /// The files, by path.
    pub files: Vec<FileAccount>,
    /// Every entry; what blocks most comes first.
    pub entries: Vec<Entry>,
}

/// The sums of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Files that were looked at.
    pub files: usize,
    /// Files that have to do with Clerk or with the new packages.
    pub files_of_interest: usize,
    /// Files that change.
    pub files_changed: usize,
    /// Names that are imported from `@clerk/*`; the next three add up to it.
    pub imported: usize,
    /// Those that moved.
    pub moved: usize,
    /// Those whose import went with the code that used it.
    pub gone: usize,
    /// Those that stay with Clerk.
    pub left: usize,
    /// Those that moved by a rule of the customer's.
    pub moved_by_own_rules: usize,
    /// Entries that ask a person to look.
    pub to_check: usize,
    /// Entries about what was left.
    pub entries_left: usize,
}

/// Entries of a kind.
#[derive(Clone, Debug, Default, Serialize)]
pub struct KindTotals {
    /// To look at.
    pub check: usize,
    /// Left.
    pub left: usize,
    /// Files that have any.
    pub files: usize,
}

/// A name of Clerk's in all files.
#[derive(Clone, Debug, Serialize)]
pub struct NameTotals {
    /// The module.
    pub module: String,
    /// The name.
    pub name: String,
    /// Imports that moved.
    pub moved: usize,
    /// Imports that went.
    pub gone: usize,
    /// Imports that were left.
    pub left: usize,
}

/// A file.
#[derive(Clone, Debug, Serialize)]
pub struct FileAccount {
    /// Its path.
    pub path: String,
    /// Whether it changes.
    pub changed: bool,
    /// Its names of Clerk's.
    pub names: Vec<NameUse>,
    /// Its entries; the most urgent one comes first.
    pub entries: Vec<Finding>,
}

/// An entry with its file.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The file.
    pub path: String,
    /// The entry.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Account {
    /// Of a plan; `files` is the number of files that were looked at.
    pub fn new(plan: &Plan, files: usize, not_read: BTreeMap<Skip, usize>) -> Self {
        let mut account = Self {
            totals: Totals { files, ..Totals::default() },
            not_read,
            by_kind: BTreeMap::new(),
            by_name: Vec::new(),
            packages: plan.packages.clone(),
            files: Vec::new(),
            entries: Vec::new(),
        };
        let mut names: BTreeMap<(String, String), NameTotals> = BTreeMap::new();
        for file in &plan.files {
            account.count_names(file, &mut names);
            account.count_entries(file);
            account.files.push(FileAccount {
                path: file.path.clone(),
                changed: !file.edits.is_empty(),
                names: file.names.clone(),
                entries: file.findings.clone(),
            });
        }
        account.by_name = names.into_values().collect();
        account.by_name.sort_by(|a, b| (b.left, &a.module, &a.name).cmp(&(a.left, &b.module, &b.name)));
        account.entries.sort_by(|a, b| {
            let key = |entry: &Entry| {
                let module = entry.finding.module.clone().filter(|_| entry.finding.kind == Kind::OtherPackage);
                (entry.finding.kind, module, entry.finding.code, entry.path.clone(), entry.finding.lines.clone())
            };
            key(a).cmp(&key(b))
        });
        account
    }

    fn count_names(&mut self, file: &FilePlan, names: &mut BTreeMap<(String, String), NameTotals>) {
        let totals = &mut self.totals;
        totals.files_of_interest += 1;
        totals.files_changed += usize::from(!file.edits.is_empty());
        for NameUse { module, name, outcome, by_own_rule, .. } in &file.names {
            totals.imported += 1;
            totals.moved_by_own_rules += usize::from(*by_own_rule && *outcome == Outcome::Moved);
            let sum = names.entry((module.clone(), name.clone())).or_insert_with(|| NameTotals {
                module: module.clone(),
                name: name.clone(),
                moved: 0,
                gone: 0,
                left: 0,
            });
            let (one, all) = match outcome {
                Outcome::Moved => (&mut sum.moved, &mut totals.moved),
                Outcome::Gone => (&mut sum.gone, &mut totals.gone),
                Outcome::Left => (&mut sum.left, &mut totals.left),
            };
            *one += 1;
            *all += 1;
        }
    }

    fn count_entries(&mut self, file: &FilePlan) {
        let mut kinds: Vec<Kind> = file.findings.iter().map(|finding| finding.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            self.by_kind.entry(kind).or_default().files += 1;
        }
        for finding in &file.findings {
            let kind = self.by_kind.entry(finding.kind).or_default();
            let (one, all) = match finding.action {
                Action::Check => (&mut kind.check, &mut self.totals.to_check),
                Action::Left => (&mut kind.left, &mut self.totals.entries_left),
            };
            *one += 1;
            *all += 1;
            self.entries.push(Entry { path: file.path.clone(), finding: finding.clone() });
        }
    }

    /// Whether anything is left that a person has to do.
    pub const fn is_anything_left(&self) -> bool {
        self.totals.left > 0 || self.totals.entries_left > 0
    }
}
