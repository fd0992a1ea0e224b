//! What depends on other files, and with that the whole: every edit and every entry.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, Content};
use super::file_plan::FilePlan;
use super::folders::Folders;
use super::given::Given;
use super::package_status::{PackageStatus, packages};
use super::planner::Planner;

/// Everything.
#[derive(Debug)]
pub struct Plan {
    /// By path.
    pub files: Vec<FilePlan>,
    /// By folder.
    pub packages: Vec<PackageStatus>,
}

/// The packages that pass a whole module of Clerk's on, by the file that does.
pub fn barrel_packages(analyses: &[Analysis], folders: &Folders) -> BTreeMap<String, String> {
    let is_barrel = |analysis: &&Analysis| matches!(&analysis.content, Content::Code { swapped, .. } if !swapped.barrels.is_empty());
    let named =
        |analysis: &Analysis| Some((analysis.path.clone(), folders.name(folders.of(&analysis.path))?.to_owned()));
    analyses.iter().filter(is_barrel).filter_map(named).collect()
}

/// Decides about everything.
pub fn plan(analyses: &[Analysis], given: Given<'_>) -> Plan {
    let folders = given.folders;
    let planner = Planner::new(analyses, given);
    let mut files: Vec<FilePlan> = analyses.iter().map(|analysis| planner.file(analysis)).collect();
    files.retain(|file| !file.edits.is_empty() || !file.findings.is_empty() || !file.names.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let packages = packages(&files, folders);
    Plan { files, packages }
}

impl Plan {
    /// Keeps the files that were asked for.
    pub fn select(&mut self, folders: &Folders, is_selected: impl Fn(&str) -> bool) {
        self.files.retain(|file| is_selected(&file.path));
        self.packages = packages(&self.files, folders);
    }

    /// The folders in which something would be left.
    pub fn incomplete(&self) -> BTreeSet<String> {
        let open = self.packages.iter().filter(|package| !package.complete);
        open.map(|package| if package.folder == "." { String::new() } else { package.folder.clone() }).collect()
    }
}
