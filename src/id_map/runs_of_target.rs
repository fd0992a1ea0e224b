//! The runs whose journals belong into a map.

use std::io;
use std::path::Path;

use super::taken_in::TakenIn;
use super::target_map::ID_MAP_PREFIX;
use crate::journal::{LostRun, RunDirectory, RunRecord};

/// The runs into a target that were not undone and have their journals, in the order in which they began. What cannot be read is not
/// among them: see [`lost_runs`].
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

/// The runs whose records cannot be read, so that nobody knows at which target they were, and of whose journals not all is in the
/// map of one. Whom an undone run met is to be forgotten.
pub(super) fn lost_runs(runs: &Path) -> io::Result<Vec<LostRun>> {
    let mut lost = LostRun::without_record(runs)?;
    lost.retain(|run| !run.directory.join("undone.json").exists());
    if lost.is_empty() {
        return Ok(lost);
    }
    let mut maps = Vec::new();
    for entry in std::fs::read_dir(runs)? {
        let path = entry?.path();
        let is_map = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ID_MAP_PREFIX));
        maps.extend(is_map.then(|| TakenIn::read(&path).ok()).flatten());
    }
    lost.retain(|run| {
        let name = run.directory.file_name().unwrap_or_default().to_string_lossy();
        let taken = maps.iter().filter_map(|map| map.runs.get(name.as_ref())).max();
        let journal = std::fs::metadata(run.directory.join("journal"));
        !journal.is_ok_and(|journal| journal.is_file() && taken == Some(&journal.len()))
    });
    Ok(lost)
}
