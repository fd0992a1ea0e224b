//! Room in memory for batches on their way, which bounds them whatever their number is.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::batch::Batch;

/// Room in memory for batches on their way, in KiB.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    kibibytes: u32,
    free: Arc<Semaphore>,
}

/// Room that a batch takes until all that came of it is settled.
pub(crate) type Taken = Option<Arc<OwnedSemaphorePermit>>;

impl Room {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        Self { kibibytes, free: Arc::new(Semaphore::new(kibibytes as usize)) }
    }

    /// Waits for room; a batch that is larger than all of it travels alone.
    pub(crate) async fn take(&self, batch: &Batch) -> Taken {
        let wanted = u32::try_from(batch.weight / 1024).unwrap_or(u32::MAX).min(self.kibibytes);
        // The semaphore is never closed.
        Arc::clone(&self.free).acquire_many_owned(wanted).await.ok().map(Arc::new)
    }
}
