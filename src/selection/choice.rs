//! How the users of a run are chosen.

use std::sync::Arc;

use super::{Condition, IdList, Sample, SelectionRecord};

/// How users are chosen. A user has to be in the list, and the condition has to hold; of those, a sample is drawn; of the
/// sample, in the order of the inputs, some are skipped, and at most `limit` are taken.
#[derive(Clone, Debug, Default)]
pub struct SelectionChoice {
    /// Only users in this list.
    pub only: Option<Arc<IdList>>,
    /// Only users of whom this holds.
    pub condition: Option<Condition>,
    /// Only a sample of them.
    pub sample: Option<Sample>,
    /// Skip this many.
    pub skip: u64,
    /// Take no more than this many.
    pub limit: Option<u64>,
}

impl SelectionChoice {
    /// Whether nothing was said, so that all users are meant.
    pub fn is_everybody(&self) -> bool {
        let Self { only, condition, sample, skip, limit } = self;
        only.is_none() && condition.is_none() && sample.is_none() && *skip == 0 && limit.is_none()
    }

    /// What a run remembers of it.
    pub fn record(&self) -> SelectionRecord {
        SelectionRecord {
            only: self.only.as_ref().map(|list| list.record()),
            condition: self.condition.as_ref().map(Condition::digest),
            sample: self.sample.map(|sample| sample.users),
            seed: self.sample.map(|sample| sample.seed),
            skip: Some(self.skip).filter(|skip| *skip > 0),
            limit: self.limit,
        }
    }

    /// Whether the candidate with this number, from 0, is neither skipped nor beyond the limit.
    pub(super) fn takes_candidate(&self, number: u64) -> bool {
        let behind = number.checked_sub(self.skip);
        behind.is_some_and(|behind| self.limit.is_none_or(|limit| behind < limit))
    }
}
