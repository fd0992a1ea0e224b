//! The map of a target's ids, for commands: it lies on disk, and another process may have it for a moment.

use std::io;
use std::path::Path;

use crate::id_map::{IdLookup, IdMap};

/// Does something with the map of `target`, with all that runs have learned up to now.
pub(super) async fn with_id_map<T: Send + 'static>(
    runs: &Path,
    target: &str,
    then: impl FnOnce(IdMap) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (runs, target) = (runs.to_path_buf(), target.to_owned());
    let done = tokio::task::spawn_blocking(move || then(IdMap::open(&runs, &target)?.take_in()?));
    done.await.map_err(io::Error::other)?
}

/// Forgets the ids of `target`, also if what is known of them cannot be read.
pub(super) async fn forget_ids(runs: &Path, target: &str) -> io::Result<()> {
    let (runs, target) = (runs.to_path_buf(), target.to_owned());
    let done = tokio::task::spawn_blocking(move || IdMap::open(&runs, &target)?.forget());
    done.await.map_err(io::Error::other)?
}

/// For looking up whom `target` has under which external id. Without it, somebody of whom nothing stayed as it was could be
/// created once more.
pub(super) async fn look_up_ids(runs: &Path, target: &str) -> Option<IdLookup> {
    match with_id_map(runs, target, |map| map.lookup()).await {
        Ok(lookup) => Some(lookup),
        Err(error) => {
            tracing::warn!(%error, "what is known of the target's ids cannot be used");
            None
        }
    }
}

/// Takes in what a run has learned. If that fails, it is done when the map is needed the next time.
pub(super) async fn keep_learned_ids(runs: &Path, target: &str) {
    if let Err(error) = with_id_map(runs, target, |_| Ok(())).await {
        tracing::warn!(%error, "the ids that the target gave are only in the journal of the run as yet");
    }
}
