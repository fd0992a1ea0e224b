//! What there is to decide from beside the files.

use std::collections::{BTreeMap, BTreeSet};

use super::folders::Folders;
use crate::rules::Rules;

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
    /// Files that do not change, by path: those that were not selected, and those of folders that are held back. They were
    /// analysed by rules after which nothing moves.
    pub stays: &'a BTreeSet<String>,
}
