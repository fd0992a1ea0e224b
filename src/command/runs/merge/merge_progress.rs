//! How far a merge is, by the bytes of the shards' journals and rejects.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::path::Path;

use tokio::time::Instant;

use super::shard_run::ShardRun;
use crate::report::{ProgressDisplay, ReadingProgress};

/// How far a merge is.
pub(super) struct MergeProgress {
    started: Instant,
    shown: RefCell<(ProgressDisplay, ReadingProgress)>,
}

impl MergeProgress {
    /// Nothing of these is read yet. Nothing is shown if it is to be quiet.
    pub(super) fn of<'p>(parts: impl Iterator<Item = &'p ShardRun>, quiet: bool) -> Self {
        let total = parts.map(|part| size_of(&part.directory.journal()) + size_of(&part.directory.rejects())).sum();
        let display = if quiet {
            ProgressDisplay::silent()
        } else if io::stderr().is_terminal() {
            ProgressDisplay::bar(Some(total))
        } else {
            ProgressDisplay::lines()
        };
        let reading = ReadingProgress { what: "journals and rejects", bytes: 0, bytes_total: Some(total) };
        Self { started: Instant::now(), shown: RefCell::new((display, reading)) }
    }

    /// This many more bytes were read.
    pub(super) fn read(&self, bytes: u64) {
        let (display, reading) = &mut *self.shown.borrow_mut();
        reading.bytes += bytes;
        display.update(reading, self.started.elapsed());
    }
}

/// The bytes of a file that may be gone.
pub(super) fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}
