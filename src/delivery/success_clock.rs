//! A clock that goes on with each batch that succeeds. By it a batch that fails knows whether others succeed.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// So often probes alone decide before anything succeeds: that finds one bad record among those of the only request, for one of the
/// halves succeeds. If it is the target that fails after all, it bounds how many records are rejected, and how long that takes.
const MOST_BY_PROBES: u32 = 2;

/// A clock that all senders share. It goes on by one with each batch that succeeds: the target answered for at least one of its
/// records with something else than an error that may pass. Changes have one of their own.
#[derive(Debug, Default)]
pub(super) struct SuccessClock {
    now: AtomicU64,
    by_probes: AtomicU32,
}

impl SuccessClock {
    /// One more batch succeeded.
    pub(super) fn tick(&self) {
        self.now.fetch_add(1, Ordering::Relaxed);
        self.by_probes.store(0, Ordering::Relaxed);
    }

    /// How late it is.
    pub(super) fn now(&self) -> SuccessTime {
        SuccessTime(self.now.load(Ordering::Relaxed))
    }

    /// That the target answers probes decided that a record is at fault: one is rejected, or a batch split.
    pub(super) fn note_by_probes(&self) {
        self.by_probes.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether probes may decide although nothing else succeeds: what fails may be all there is to send.
    pub(super) fn may_go_by_probes(&self) -> bool {
        self.by_probes.load(Ordering::Relaxed) < MOST_BY_PROBES
    }
}

/// A moment by that clock. If it is later now, a batch has succeeded since, at least in part: the target works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SuccessTime(u64);
