//! The memory that batches in flight may take together, so that their number alone never decides it.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::batch::Batch;
use crate::outcomes::event::SharedMemory;

/// The memory that batches in flight may take together, in KiB.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBudget {
    kibibytes: u32,
    free: Arc<Semaphore>,
}

impl MemoryBudget {
    /// A budget of this many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        Self { kibibytes, free: Arc::new(Semaphore::new(kibibytes as usize)) }
    }

    /// Waits until the batch fits; one that is larger than the whole budget travels alone. What it takes is given back once every
    /// part of the batch is settled, and that is booked.
    pub(crate) async fn take(&self, batch: &Batch) -> SharedMemory {
        let wanted = u32::try_from(batch.weight / 1024).unwrap_or(u32::MAX).min(self.kibibytes);
        // The semaphore is never closed.
        Arc::clone(&self.free).acquire_many_owned(wanted).await.ok().map(Arc::new)
    }
}
