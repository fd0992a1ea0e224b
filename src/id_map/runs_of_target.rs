//! The runs whose journals belong into a map.

use std::io;
use std::path::Path;

use crate::journal::{RunDirectory, RunRecord};

/// The runs into a target that were not undone and have their journals, in the order in which they began. What cannot be read is passed over: who lists
/// runs reports it.
pub(super) fn runs_of_target(runs: &Path, target: &str) -> io::Result<Vec<(RunDirectory, RunRecord)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(runs)? {
        let path = entry?.path();
        // Most of what is there is a run; what is none says so by having no record.
        if let Ok((directory, record)) = RunDirectory::open(path)
            && record.target == target
            && !directory.is_undone()
            && !directory.is_pruned()
        {
            found.push((directory, record));
        }
    }
    found.sort_by(|(_, one), (_, other)| (&one.started, &one.id).cmp(&(&other.started, &other.id)));
    Ok(found)
}
