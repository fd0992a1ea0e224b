//! The states that a power cut may leave: at every moment of a trace, subsets of what was not durable then.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};

use super::disk::{Disk, Fate, Tree};
use super::trace::Event;

/// What became of changes that were not durable, by their numbers. Changes that are not named are lost.
type Story = BTreeMap<usize, Fate>;

/// A state after a power cut.
#[derive(Debug)]
pub struct State {
    /// How many events of the trace had happened.
    pub events: usize,
    /// How the state came about, for messages.
    pub story: Story,
    /// What the processes outside knew by then: an index that the caller chose.
    pub outside: usize,
}

impl State {
    /// What is on the disk, if it held `before` when the trace began.
    pub fn tree(&self, before: &Tree, events: &[Event]) -> Tree {
        let mut disk = Disk::of(before);
        events[..self.events].iter().for_each(|event| disk.apply(&event.call));
        after(&disk, &self.story)
    }

    /// Whether a write of it is torn.
    pub fn has_hole(&self) -> bool {
        self.story.values().any(|fate| matches!(fate, Fate::Hole(_)))
    }
}

fn after(disk: &Disk, story: &Story) -> Tree {
    disk.after(&|number| story.get(&number).copied().unwrap_or(Fate::Lost))
}

/// At most `most` states of a trace, spread evenly over its moments. `outside` returns what is known outside at a moment:
/// the same files with another index are another state.
pub fn choose(before: &Tree, events: &[Event], most: usize, outside: &dyn Fn(f64) -> usize) -> Vec<State> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut disk = Disk::of(before);
    let mut seen = HashSet::new();
    let mut moments: Vec<Vec<State>> = Vec::new();
    // Many of them will turn out to be the same.
    let of_a_moment = 20 + 10 * most / (events.len() + 1);
    for done in 0..=events.len() {
        if done > 0 {
            disk.apply(&events[done - 1].call);
        }
        // The power fails after what was done and before the next call begins.
        let last = done.checked_sub(1).map_or(f64::MIN, |index| events[index].at);
        let next = events.get(done).map_or(f64::MAX, |event| event.at.max(last));
        let mut known = vec![outside(last), outside(next)];
        known.dedup();
        let mut stories = stories(&disk, &mut dice);
        dice.shuffle(&mut stories);
        stories.truncate(of_a_moment);
        let mut states = Vec::new();
        for story in stories {
            let tree = after(&disk, &story);
            for outside in known.iter().copied() {
                let mut hasher = DefaultHasher::new();
                (&tree, outside).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    states.push(State { events: done, story: story.clone(), outside });
                }
            }
        }
        moments.push(states);
    }
    dice.shuffle(&mut moments);
    let mut chosen = Vec::new();
    while chosen.len() < most && moments.iter().any(|states| !states.is_empty()) {
        chosen.extend(moments.iter_mut().filter_map(Vec::pop).take(most - chosen.len()));
    }
    chosen
}

/// What may become of all changes that are not durable.
fn stories(disk: &Disk, dice: &mut fastrand::Rng) -> Vec<Story> {
    let pending: Vec<_> = disk.pending().into_iter().collect();
    let whole: Vec<(usize, Fate)> = pending.iter().map(|(number, _)| (*number, Fate::Whole)).collect();
    let all_but = |index: usize| [&whole[..index], &whole[index + 1..]].concat();
    let mut stories = vec![Vec::new(), whole.clone()];
    for index in 0..whole.len() {
        stories.extend([whole[..index].to_vec(), vec![whole[index]], all_but(index)]);
    }
    for (index, (number, change)) in pending.iter().enumerate().filter(|(_, (_, change))| change.blocks > 1) {
        for block in [0, change.blocks / 2, change.blocks - 1] {
            for fate in [Fate::Prefix(block.max(1)), Fate::Hole(block)] {
                let torn = (*number, fate);
                stories.extend([
                    vec![torn],
                    [whole[..index].to_vec(), vec![torn]].concat(),
                    [all_but(index), vec![torn]].concat(),
                ]);
            }
        }
    }
    for _ in 0..if pending.len() > 1 { 6 } else { 0 } {
        let fates = pending.iter().map(|(number, change)| {
            let fate = match dice.u8(..4) {
                0 => Fate::Lost,
                1 if change.blocks > 1 => Fate::Prefix(dice.u64(1..change.blocks)),
                2 if change.blocks > 1 => Fate::Hole(dice.u64(..change.blocks)),
                _ => Fate::Whole,
            };
            (*number, fate)
        });
        stories.push(fates.collect());
    }
    stories.into_iter().map(Story::from_iter).collect()
}
