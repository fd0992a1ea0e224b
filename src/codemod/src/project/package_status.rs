//! How far each package.json's folder is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::file_plan::FilePlan;
use super::folders::Folders;
use crate::code::Code;
use crate::finding::{Action, Finding};
use crate::kind::Kind;
use crate::other::is_document;
use crate::swap::Outcome;

/// How far a package.json's folder is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PackageStatus {
    /// The folder, `.` for the root.
    pub folder: String,
    /// The package's name.
    pub name: Option<String>,
    /// Names that its code imports from Clerk.
    pub imported: usize,
    /// How many of them moved.
    pub moved: usize,
    /// How many went with code that used them.
    pub gone: usize,
    /// How many stay with Clerk.
    pub left: usize,
    /// Entries that ask a person to look.
    pub to_check: usize,
    /// Entries about what was left.
    pub entries_left: usize,
    /// Whether nothing is left but documents and styles.
    pub complete: bool,
}

/// The state of each folder that has a file in the plan.
pub(super) fn packages(files: &[FilePlan], folders: &Folders) -> Vec<PackageStatus> {
    let mut statuses: BTreeMap<&str, PackageStatus> = BTreeMap::new();
    for file in files {
        let folder = folders.of(&file.path);
        let status = statuses.entry(folder).or_default();
        for name in &file.names {
            status.imported += 1;
            match name.outcome {
                Outcome::Moved => status.moved += 1,
                Outcome::Gone => status.gone += 1,
                Outcome::Left => status.left += 1,
            }
        }
        status.to_check += file.findings.iter().filter(|finding| finding.action == Action::Check).count();
        status.entries_left += file.findings.iter().filter(|finding| blocks(&file.path, finding)).count();
    }
    statuses
        .into_iter()
        .map(|(folder, status)| PackageStatus {
            folder: if folder.is_empty() { ".".to_owned() } else { folder.to_owned() },
            name: folders.name(folder).map(str::to_owned),
            complete: status.left == 0 && status.entries_left == 0,
            ..status
        })
        .collect()
}

/// Whether an entry stands between a folder and being complete: not what only stands in texts, unless that is code which was not
/// read.
fn blocks(path: &str, finding: &Finding) -> bool {
    let is_unread_code =
        matches!(finding.code, Code::SyntaxError | Code::NotRead | Code::UnsupportedFile) && !is_document(path);
    finding.action == Action::Left && (is_unread_code || !matches!(finding.kind, Kind::Text | Kind::Package))
}
