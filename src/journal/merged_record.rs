//! `merged.json`: which shards' runs a directory is the account of. By it such a directory differs from a run's.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::personal_files::personal_files;
use crate::files::replace_private;

/// What a merge leaves beside its report and its rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedRecord {
    /// The runs of the shards.
    pub shards: Vec<String>,
    /// SHA-256 of the rejects file as this merge wrote it, and as those before did: one of another content was changed.
    #[serde(default)]
    pub rejects_sha256: Vec<String>,
}

impl MergedRecord {
    /// What the merge left that this is the directory of; `None` if it is none, or if it cannot be read.
    pub fn read(directory: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path_in(directory)).ok()?).ok()
    }

    /// Leaves it there.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        replace_private(&path_in(directory), |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }

    /// The files in the directory of a merge that hold personal data: its rejects, and copies of them.
    pub fn personal_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
        personal_files(directory)
    }

    /// The merged accounts that this run is a part of.
    pub fn of_run(runs: &Path, run: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_part = |path: &PathBuf| Self::read(path).is_some_and(|merged| merged.shards.iter().any(|id| id == run));
        let mut found: Vec<PathBuf> = entries.filter(is_part).collect();
        found.sort();
        found
    }
}

fn path_in(directory: &Path) -> PathBuf {
    directory.join("merged.json")
}
