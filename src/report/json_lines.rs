//! One JSON object every so often on stderr, for programs that watch a run.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use super::Moment;
use super::moment::Figures;
use crate::account::{Ledger, Reporter};

/// JSON lines: `{"timestamp":…,"level":"INFO","event":"progress","read":…}`, the last with `"event":"finished"`.
#[derive(Debug)]
pub struct JsonLines {
    every: Duration,
    last: Duration,
    /// What is under way is the search before the job itself.
    search: bool,
}

#[derive(Serialize)]
struct Line {
    timestamp: jiff::Timestamp,
    level: &'static str,
    event: &'static str,
    #[serde(flatten)]
    figures: Figures,
}

impl JsonLines {
    /// The first line comes after the first interval.
    pub fn new(every: Duration) -> Self {
        Self { every, last: Duration::ZERO, search: false }
    }

    /// Lines about the search for duplicates: `"event":"search"`, and nothing at its end.
    pub fn of_search(every: Duration) -> Self {
        Self { search: true, ..Self::new(every) }
    }

    fn write(event: &'static str, moment: &Moment<'_>) {
        let mut line = serde_json::to_vec(&Line {
            timestamp: jiff::Timestamp::now(),
            level: "INFO",
            event,
            figures: moment.figures(),
        })
        .unwrap_or_default();
        line.push(b'\n');
        // A closed stderr must not end an import.
        drop(std::io::stderr().write_all(&line));
    }
}

impl Reporter for JsonLines {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        if ledger.elapsed.saturating_sub(self.last) >= self.every {
            self.last = ledger.elapsed;
            Self::write(if self.search { "search" } else { "progress" }, &Moment::of(ledger, stopping));
        }
    }

    fn finish(&mut self, ledger: &Ledger) {
        if !self.search {
            Self::write("finished", &Moment::of(ledger, false));
        }
    }
}
