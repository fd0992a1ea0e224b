//! A clock that goes on with each batch that succeeds. By it a batch that fails knows whether others succeed.

use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that all senders share. It goes on by one with each batch that succeeds: the target answered for at least one of its
/// records with something else than an error that may pass.
#[derive(Debug, Default)]
pub(super) struct SuccessClock(AtomicU64);

impl SuccessClock {
    /// One more batch succeeded.
    pub(super) fn tick(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How late it is.
    pub(super) fn now(&self) -> SuccessTime {
        SuccessTime(self.0.load(Ordering::Relaxed))
    }
}

/// A moment by that clock. If it is later now, a batch has succeeded since, at least in part: the target works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SuccessTime(u64);
