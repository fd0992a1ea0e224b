//! The shards of one piece of work, as one import.

use std::collections::BTreeMap;

use super::{RunStanding, SeenRun};

/// One import of the shards of one piece of work, by the newest run of each.
pub(super) fn put_together(mut shards: Vec<&SeenRun>) -> SeenRun {
    shards.sort_by_key(|run| (run.shard, run.started));
    let mut newest: BTreeMap<u32, &SeenRun> = BTreeMap::new();
    for run in &shards {
        newest.insert(run.shard.unwrap_or_default().0, run);
    }
    let mut runs = newest.values();
    let mut all = runs.next().map_or_else(|| shards[0].clone(), |run| (*run).clone());
    let of = all.shard.unwrap_or_default().1;
    for run in runs {
        all.id = format!("{} {}", all.id, run.id);
        all.started = all.started.max(run.started);
        all.last_active = all.last_active.max(run.last_active);
        let sum = |one: Option<u64>, other: Option<u64>| Some(one? + other?);
        (all.read, all.rejected) = (sum(all.read, run.read), sum(all.rejected, run.rejected));
        if all.standing == RunStanding::Finished {
            all.standing = run.standing;
        }
    }
    if newest.len() < of as usize && all.standing == RunStanding::Finished {
        all.standing = RunStanding::Unfinished;
    }
    all
}
