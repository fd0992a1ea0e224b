//! A batch that is not settled yet, and what was already tried with it.

use super::batch::{Batch, BatchLimits};
use super::blame::Probes;
use super::success_clock::SuccessTime;
use crate::outcomes::event::SharedMemory;

/// A batch and what was already tried with it.
#[derive(Debug)]
pub(crate) struct PendingBatch {
    pub batch: Batch,
    /// How often single items of it were sent before and answered with an error that may pass.
    pub round: u32,
    /// An earlier part of the run was about to send it, and may have.
    pub in_doubt: bool,
    /// Since when it is suspect, if it is. A batch is suspect if it is sent again after it failed, in a request that failed as a
    /// whole or in an answer for these items alone. If others have succeeded since then, the fault is in it and not at the target.
    pub suspect_since: Option<SuccessTime>,
    /// What the target was asked between the rounds of a user who alone failed too often.
    pub probes: Probes,
    /// What it takes of the memory budget, shared with the other parts of the batch that it came from.
    pub memory: SharedMemory,
}

impl PendingBatch {
    /// A batch that was never sent before.
    pub(crate) fn new(batch: Batch) -> Self {
        Self { batch, round: 0, in_doubt: false, suspect_since: None, probes: Probes::default(), memory: None }
    }

    /// Parts of it that keep to bounds that became tighter since it was filled; nothing if it does. What may have been
    /// carried out is sent again exactly as it was.
    pub(crate) fn split_to_limits(&self, limits: BatchLimits) -> Option<Vec<Self>> {
        let is_beyond = self.batch.items.len() > limits.items || self.batch.body().len() > limits.bytes;
        (is_beyond && self.batch.items.len() > 1 && !self.in_doubt).then(|| {
            let part = |batch| Self { batch, memory: self.memory.clone(), ..*self };
            self.batch.parts(limits).into_iter().map(part).collect()
        })
    }

    /// This batch once more, after the target refused it as a whole and carried out nothing.
    pub(crate) fn refused_as_a_whole(&self, suspect_since: Option<SuccessTime>) -> Self {
        Self { batch: self.batch.clone(), memory: self.memory.clone(), in_doubt: false, suspect_since, ..*self }
    }

    /// Its halves, to find the item at fault; nothing if it is one item. `in_doubt` says whether some of it may have been
    /// carried out.
    pub(crate) fn halved(&self, suspect_since: Option<SuccessTime>, in_doubt: bool) -> Vec<Self> {
        if self.batch.items.len() < 2 {
            return Vec::new();
        }
        let in_doubt = in_doubt || self.in_doubt;
        let part = |batch| Self { batch, in_doubt, suspect_since, memory: self.memory.clone(), ..*self };
        self.batch.halves().into_iter().map(part).collect()
    }

    /// Some of its items, to be sent without the others, which are settled.
    pub(crate) fn without_others(&self, items: Vec<usize>) -> Self {
        Self { batch: self.batch.subset(items), memory: self.memory.clone(), ..*self }
    }

    /// Some of its items, to be sent again after the target answered for them.
    pub(crate) fn retry_items(&self, items: Vec<usize>, suspect_since: Option<SuccessTime>) -> Self {
        let batch = self.batch.subset(items);
        Self { batch, round: self.round + 1, in_doubt: false, suspect_since, memory: self.memory.clone(), ..*self }
    }
}
