//! What depends on other files, and with that the whole: every edit and every entry.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, Content};
use super::folders::Folders;
use super::package_status::{PackageStatus, packages};
use super::planner::Planner;
use crate::edit::Edit;
use crate::finding::Finding;
use crate::rules::Rules;
use crate::swap::NameUse;

/// What was asked for beside the code.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Append the new names to files of environment variables that are in use.
    pub environment: bool,
    /// Rename variables in files of builds and deployments.
    pub deployment: bool,
    /// The version of the packages that are added.
    pub package_version: Option<String>,
    /// The changes are written, so that lines are those of the changed files.
    pub is_written: bool,
}

/// What becomes of a file.
#[derive(Debug)]
pub struct FilePlan {
    /// Its path.
    pub path: String,
    /// Its text now.
    pub text: String,
    /// The changes.
    pub edits: Vec<Edit>,
    /// The entries.
    pub findings: Vec<Finding>,
    /// Names that it imports from Clerk.
    pub names: Vec<NameUse>,
    /// Whether it holds variables of the environment, whose values are shown to nobody.
    pub is_environment: bool,
    /// Whether it is code, which has to parse afterwards.
    pub is_code: bool,
}

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

/// What there is to decide from beside the files.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The folders.
    pub folders: &'a Folders,
    /// What moves where.
    pub rules: &'a Rules,
    /// What was asked for.
    pub asked: &'a Asked,
    /// How many files import from the package of a file that passes a module on.
    pub importers: &'a BTreeMap<String, usize>,
    /// Folders in which nothing changes.
    pub held: &'a BTreeSet<String>,
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
