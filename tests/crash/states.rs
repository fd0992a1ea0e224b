//! Which states a power cut may leave: at every moment of a trace, subsets of what was not durable then.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::disk::{Disk, Fate, Tree};
use super::trace::Event;

/// A state after a power cut.
pub struct State {
    /// How many events of the trace had happened.
    pub events: usize,
    /// What is on the disk.
    pub tree: Tree,
    /// What the others outside knew by then: an index that the caller gave.
    pub outside: usize,
    /// How it came about, for messages.
    pub story: String,
}

/// At most `most` states of a trace that began with `tree`, spread evenly over its moments. `outside` gives what is known
/// outside at a moment: the same tree with something else outside is another state.
pub fn choose(tree: &Tree, events: &[Event], most: usize, outside: &dyn Fn(f64) -> usize) -> Vec<State> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut disk = Disk::of(tree);
    let mut seen = HashSet::new();
    let mut moments: Vec<Vec<State>> = Vec::new();
    for done in 0..=events.len() {
        if done > 0 {
            disk.apply(&events[done - 1].call);
        }
        // The power fails after what was done and before the next call begins.
        let last = done.checked_sub(1).map_or(f64::MIN, |index| events[index].at);
        let next = events.get(done).map_or(f64::MAX, |event| event.at.max(last));
        let mut states = Vec::new();
        for story in stories(&disk, &mut dice) {
            let fate = |number| story.iter().find(|(change, _)| *change == number).map_or(Fate::Lost, |(_, fate)| *fate);
            let tree = disk.after(&fate);
            let mut outside = vec![outside(last), outside(next)];
            outside.dedup();
            for outside in outside {
                let mut hasher = DefaultHasher::new();
                (&tree, outside).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    let story = format!("after {done} calls, of what is not durable: {story:?}");
                    states.push(State { events: done, tree: tree.clone(), outside, story });
                }
            }
        }
        dice.shuffle(&mut states);
        moments.push(states);
    }
    dice.shuffle(&mut moments);
    let mut chosen = Vec::new();
    while chosen.len() < most && moments.iter().any(|states| !states.is_empty()) {
        chosen.extend(moments.iter_mut().filter_map(Vec::pop).take(most - chosen.len()));
    }
    chosen
}

/// What may become of all changes that are not durable: those that are not named are lost.
fn stories(disk: &Disk, dice: &mut fastrand::Rng) -> Vec<Vec<(usize, Fate)>> {
    let pending: Vec<_> = disk.pending().into_iter().collect();
    let whole: Vec<(usize, Fate)> = pending.iter().map(|(number, _)| (*number, Fate::Whole)).collect();
    let mut stories = vec![Vec::new(), whole.clone()];
    for index in 0..whole.len() {
        stories.push(whole[..index].to_vec());
        stories.push(vec![whole[index]]);
        stories.push(whole.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, fate)| *fate).collect());
    }
    for (index, (number, change)) in pending.iter().enumerate().filter(|(_, (_, change))| change.blocks > 1) {
        for block in [0, change.blocks / 2, change.blocks - 1] {
            for fate in [Fate::Prefix(block.max(1)), Fate::Hole(block)] {
                let mut story = whole.clone();
                story[index].1 = fate;
                stories.push(story);
                stories.push(vec![(*number, fate)]);
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
    stories
}
