//! What was read from Clerk's API for a command that was killed: the whole tenant, and nobody comes back for it.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::super::runs_error::RunsError;
use super::prune_rules::KeptBecause;
use crate::export::{ExportDirectory, ExportState, Manifest};
use crate::files::disk_use;
use crate::journal::{Lock, RunRecord};
use crate::settings::{PruneSettings, left_from_clerk};

/// What was read from Clerk's API, and what became of it.
pub(super) struct LeftFromClerk {
    /// Its directory, as runs are called; its path, if it is not among the runs.
    pub name: String,
    /// How many bytes are free now, or why it was kept.
    pub freed_bytes: Result<u64, KeptBecause>,
}

impl LeftFromClerk {
    /// Removes all that is old, unless one of the runs that are `open` reads from it when it is resumed.
    pub(super) fn prune_all(settings: &PruneSettings, open: &[&RunRecord]) -> Result<Vec<Self>, RunsError> {
        let runs = &settings.runs_directory;
        let left = left_from_clerk(runs).map_err(RunsError::read(runs))?;
        let prune = |directory: &ExportDirectory| {
            let path = directory.path();
            let name = path.strip_prefix(runs).unwrap_or(path).to_string_lossy().into_owned();
            let freed_bytes = prune(directory, settings, open).map_err(RunsError::remove(path))?;
            Ok(Self { name, freed_bytes })
        };
        left.iter().map(prune).collect()
    }
}

fn prune(
    directory: &ExportDirectory,
    settings: &PruneSettings,
    open: &[&RunRecord],
) -> io::Result<Result<u64, KeptBecause>> {
    if Lock::is_held(&directory.lock()) {
        return Ok(Err(KeptBecause::Running));
    }
    if open.iter().any(|run| reads(run, directory)) {
        return Ok(Err(KeptBecause::Resumable));
    }
    if age(directory) < settings.older_than {
        return Ok(Err(KeptBecause::New));
    }
    let freed_bytes = disk_use(directory.path());
    if !settings.dry_run {
        // From here on nobody goes on with it.
        let Ok(_lock) = Lock::take(&directory.lock(), "prune") else { return Ok(Err(KeptBecause::Running)) };
        directory.remove()?;
    }
    Ok(Ok(freed_bytes))
}

/// Whether a run has its inputs there.
fn reads(run: &RunRecord, directory: &ExportDirectory) -> bool {
    let name = directory.path().file_name();
    run.files().any(|input| Path::new(&input.path).parent().is_some_and(|parent| parent.file_name() == name))
}

/// How long ago its reading began. Of one that was removed in part nobody knows; that part counts from then on.
fn age(directory: &ExportDirectory) -> Duration {
    let finished = Manifest::read(directory).ok().flatten().map(|manifest| manifest.started);
    let started = finished.or_else(|| Some(ExportState::read(directory).ok()??.started));
    if let Some(started) = started {
        return Duration::try_from(Timestamp::now().duration_since(started)).unwrap_or_default();
    }
    let changed = directory.path().metadata().and_then(|metadata| metadata.modified());
    changed.ok().and_then(|changed| SystemTime::now().duration_since(changed).ok()).unwrap_or_default()
}
