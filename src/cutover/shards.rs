//! The shards of one piece of work, as one import.

use std::collections::BTreeMap;

use super::{KindCounts, RunStanding, SeenRun};
use crate::kind::Kind;

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
        all.by_kind = sums(&all.by_kind, &run.by_kind);
        if all.standing == RunStanding::Finished {
            all.standing = run.standing;
        }
    }
    if newest.len() < of as usize && all.standing == RunStanding::Finished {
        all.standing = RunStanding::Unfinished;
    }
    all
}

/// The records of both by their kinds; those of a kind are known only if both know them.
fn sums(one: &BTreeMap<Kind, KindCounts>, other: &BTreeMap<Kind, KindCounts>) -> BTreeMap<Kind, KindCounts> {
    let sum = |(kind, counts): (&Kind, &KindCounts)| {
        let other = other.get(kind)?;
        Some((*kind, KindCounts { read: counts.read + other.read, rejected: counts.rejected + other.rejected }))
    };
    one.iter().filter_map(sum).collect()
}
