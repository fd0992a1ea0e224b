//! One JSON object at every interval on stderr, for programs that watch a run.

use std::time::Duration;

use super::{Moment, json_line};
use crate::outcomes::{Ledger, Reporter};

/// JSON lines: `{"timestamp":…,"level":"INFO","event":"progress","read":…}`, the last with `"event":"finished"`.
#[derive(Debug)]
pub struct JsonLines {
    every: Duration,
    last: Duration,
    /// Whether this is the search for duplicates, before the job itself.
    search: bool,
}

impl JsonLines {
    /// The first line comes after the first interval.
    pub fn new(every: Duration) -> Self {
        Self { every, last: Duration::ZERO, search: false }
    }

    /// Lines about the search for duplicates: `"event":"search"`, and no line at its end.
    pub fn of_search(every: Duration) -> Self {
        Self { search: true, ..Self::new(every) }
    }
}

impl Reporter for JsonLines {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        if ledger.elapsed.saturating_sub(self.last) >= self.every {
            self.last = ledger.elapsed;
            let event = if self.search { "search" } else { "progress" };
            json_line::write(event, &Moment::of(ledger, stopping).figures());
        }
    }

    fn finish(&mut self, ledger: &Ledger) {
        if !self.search {
            json_line::write("finished", &Moment::of(ledger, false).figures());
        }
    }
}
