//! Plans that are made durable before there is a slot for their requests.
//!
//! A request waits until its plan is on disk, which takes as long as many short requests. Where each user is a request, a slot
//! that waited along would be idle most of the time. So some are planned ahead: as many as the pace sends while a disk
//! writes. One that is planned and not sent when the run breaks off is in doubt, so there are few of them, and none where the
//! rate is slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::pending_batch::PendingBatch;
use crate::pace::Slot;

/// The batches that are planned ahead.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    count: AtomicUsize,
    left: Notify,
}

impl Ahead {
    /// Waits until there are fewer than `most`, which may change. Only one task may wait at a time.
    pub(super) async fn place(&self, most: impl Fn() -> usize) -> AheadPlace {
        while self.0.count.load(Ordering::Relaxed) >= most() {
            self.0.left.notified().await;
        }
        self.0.count.fetch_add(1, Ordering::Relaxed);
        AheadPlace(Arc::clone(&self.0))
    }
}

/// A place among those that are planned ahead. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct AheadPlace(Arc<Counted>);

impl Drop for AheadPlace {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.left.notify_one();
    }
}

/// What a batch was taken with.
#[derive(Debug)]
pub(super) enum Place {
    /// It may be planned, and then needs a slot.
    Ahead(AheadPlace),
    /// It may be sent.
    Slot(Slot),
}

/// Whether the first request for a batch is the one that creates what is in it. Where the destination is asked something
/// first, there may be nothing left to plan.
pub(super) fn is_sent_first(pending: &PendingBatch) -> bool {
    pending.batch.items.iter().all(|item| item.earlier.is_none() && item.references.is_empty())
}
