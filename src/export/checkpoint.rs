//! What was read is made durable on a thread of its own: a disk may take seconds for it, and the pages behind it are asked for
//! meanwhile.

use std::io;
use std::thread::{self, JoinHandle};

use super::ExportError;

/// A part of an export that is being made durable.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// Nothing once its end was waited for.
    thread: Option<JoinHandle<Result<(), ExportError>>>,
}

impl Checkpoint {
    /// Begins to make it durable.
    pub(super) fn begin(work: impl FnOnce() -> Result<(), ExportError> + Send + 'static) -> Self {
        Self { thread: Some(thread::spawn(work)) }
    }

    /// Whether its end can be had without a wait.
    pub(super) fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it is durable.
    pub(super) fn end(mut self) -> Result<(), ExportError> {
        self.wait()
    }

    fn wait(&mut self) -> Result<(), ExportError> {
        let ended = self.thread.take().map_or(Ok(Ok(())), JoinHandle::join);
        ended.unwrap_or_else(|_| Err(ExportError::Temporary(io::Error::other("making it durable failed"))))
    }
}

/// An export that is interrupted leaves nothing behind that still writes: the next one may begin at once.
impl Drop for Checkpoint {
    fn drop(&mut self) {
        if let Err(error) = self.wait() {
            tracing::debug!(%error, "the last part is not durable");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn nobody_waits_for_a_slow_disk_until_the_end_is_wanted() {
        let (disk, is_slow) = channel::<()>();
        let checkpoint = Checkpoint::begin(move || {
            is_slow.recv().expect("the disk is done");
            Err(ExportError::Temporary(io::Error::other("full")))
        });
        assert!(!checkpoint.is_done());
        disk.send(()).expect("somebody waits");
        assert!(checkpoint.end().expect_err("what went wrong").to_string().contains("temporary"));
    }

    #[test]
    fn one_that_is_dropped_writes_nothing_any_more() {
        let written = Arc::new(AtomicBool::new(false));
        let writer = Arc::clone(&written);
        drop(Checkpoint::begin(move || {
            thread::yield_now();
            writer.store(true, Ordering::Release);
            Ok(())
        }));
        assert!(written.load(Ordering::Acquire), "it was waited for");
    }
}
