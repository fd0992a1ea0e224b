//! How many batches were answered: a clock by which a batch knows whether others succeed.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the batches that were answered.
#[derive(Debug, Default)]
pub(super) struct AnsweredCounter(AtomicU64);

impl AnsweredCounter {
    /// Counts one more answered batch.
    pub(super) fn count_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there are by now.
    pub(super) fn now(&self) -> AnsweredCount {
        AnsweredCount(self.0.load(Ordering::Relaxed))
    }
}

/// How many batches were answered at some moment, by all senders together. More later on mean that the destination works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AnsweredCount(u64);
