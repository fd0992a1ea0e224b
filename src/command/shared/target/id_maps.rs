//! The map of a target's ids, for commands: it lies on disk, and another process may have it for a moment.

use std::io;
use std::path::Path;

use crate::id_map::{IdLookup, IdMap};
use crate::journal::{RunDirectory, RunRecord};
use crate::outcomes::StopReason;

/// Does something with the map of `target`, with all that runs have learned up to now.
pub(in crate::command) async fn with_id_map<T: Send + 'static>(
    runs: &Path,
    target: &str,
    then: impl FnOnce(IdMap) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (runs, target) = (runs.to_path_buf(), target.to_owned());
    let done = tokio::task::spawn_blocking(move || then(IdMap::open(&runs, &target)?.take_in()?));
    done.await.map_err(io::Error::other)?
}

/// Forgets the ids of `target`, also if what is known of them cannot be read.
pub(in crate::command) async fn forget_ids(runs: &Path, target: &str) -> io::Result<()> {
    let (runs, target) = (runs.to_path_buf(), target.to_owned());
    let done = tokio::task::spawn_blocking(move || IdMap::open(&runs, &target)?.forget());
    done.await.map_err(io::Error::other)?
}

/// For looking up whom `target` has under which external id. Without it, somebody of whom nothing stayed as it was could be
/// created once more: so nothing is sent if it cannot be read, or if a run cannot be whose ids are not in it, unless there is no
/// earlier run that it could know of.
pub(in crate::command) async fn look_up_ids(
    runs: &Path,
    target: &str,
    run: &str,
) -> Result<Option<IdLookup>, StopReason> {
    let looked_up = with_id_map(runs, target, |map| {
        let lost = map.lost().first().map(|run| StopReason::LostRun {
            directory: run.directory.display().to_string(),
            problem: run.problem.clone(),
        });
        Ok((map.lookup()?, lost))
    });
    let error = match looked_up.await {
        Ok((_, Some(lost))) => return Err(lost),
        Ok((lookup, None)) => return Ok(Some(lookup)),
        Err(error) => error,
    };
    let listed = RunDirectory::list(runs).map_err(StopReason::IdMap)?;
    let is_earlier = |(directory, record): &(RunDirectory, RunRecord)| {
        record.target == target && record.id != run && !directory.is_undone() && directory.has_entries()
    };
    if let Some((_, earlier)) = listed.iter().find(|run| is_earlier(run)) {
        let (directory, newest) = (IdMap::directory_of(runs, target), &earlier.id);
        let sentence = format!("`{}`, with the ids of run {newest} and of those before: {error}", directory.display());
        return Err(StopReason::IdMap(io::Error::new(error.kind(), sentence)));
    }
    tracing::warn!(%error, "what is known of the target's ids cannot be used; there is no earlier run that it could know of");
    Ok(None)
}

/// Takes in what a run has learned. If that fails, it is done when the map is needed the next time.
pub(in crate::command) async fn keep_learned_ids(runs: &Path, target: &str) {
    if let Err(error) = with_id_map(runs, target, |_| Ok(())).await {
        tracing::warn!(%error, "the ids that the target gave are only in the journal of the run as yet");
    }
}
