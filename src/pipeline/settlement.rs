//! What became of items of a batch, and how the committer is told.

use tokio::sync::{Mutex, mpsc};

use super::batch::Batch;
use super::event::Event;
use super::settle;
use crate::journal::{Known, Settled};
use crate::mapping::Rejection;

/// Bytes of rejected records that the senders have in memory once more to tell of them.
pub(super) const REJECTED_TOGETHER: u64 = 256 * 1024;

/// What became of some items of a batch.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    /// Created or there already.
    pub records: Vec<Settled>,
    /// Rejected: which item, and why.
    pub rejected: Vec<(usize, Rejection)>,
    /// Of those there: who is now known to be as the export has them.
    pub known: Vec<Known>,
}

/// Tells the committer, for all senders. A reject holds the record itself, and a target may refuse every batch there is at
/// once; so one sender tells of rejects at a time, and of so many bytes at a time.
#[derive(Debug)]
pub(super) struct Settler {
    events: mpsc::Sender<Event>,
    rejecting: Mutex<()>,
}

impl Settler {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        Self { events, rejecting: Mutex::default() }
    }

    /// Tells what became of items of this batch, the rejected ones because of what the target said in this request. What is
    /// no reject comes first: it is not to be asked for again.
    pub(super) async fn settle(&self, batch: &Batch, settlement: Settlement, request: Option<&str>) {
        let Settlement { mut records, rejected, mut known } = settlement;
        let _alone = if rejected.is_empty() { None } else { Some(self.rejecting.lock().await) };
        let mut rejected = rejected.into_iter().peekable();
        loop {
            let (mut rejects, mut bytes) = (Vec::new(), 0);
            while bytes < REJECTED_TOGETHER
                && let Some((index, rejection)) = rejected.next()
            {
                let item = &batch.items[index];
                bytes += item.record_bytes();
                rejects.push(item.reject(rejection).in_request(request));
            }
            settle(&self.events, std::mem::take(&mut records), rejects, std::mem::take(&mut known)).await;
            if rejected.peek().is_none() {
                return;
            }
        }
    }
}
