//! One JSON object a second on stderr, for programs that watch a run.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use super::moment::Figures;
use super::{Moment, Reporter};

const EVERY: Duration = Duration::from_secs(1);

/// JSON lines: `{"event":"progress","read":…}`, the last with `"event":"finished"`.
#[derive(Debug, Default)]
pub struct JsonLines {
    last: Duration,
}

#[derive(Serialize)]
struct Line {
    event: &'static str,
    #[serde(flatten)]
    figures: Figures,
}

impl JsonLines {
    /// The first line comes after the first second.
    pub fn new() -> Self {
        Self::default()
    }

    fn write(event: &'static str, moment: &Moment<'_>) {
        let mut line = serde_json::to_vec(&Line { event, figures: moment.figures() }).unwrap_or_default();
        line.push(b'\n');
        // A closed stderr must not end an import.
        drop(std::io::stderr().write_all(&line));
    }
}

impl Reporter for JsonLines {
    fn update(&mut self, moment: &Moment<'_>) {
        if moment.ledger.elapsed.saturating_sub(self.last) >= EVERY {
            self.last = moment.ledger.elapsed;
            Self::write("progress", moment);
        }
    }

    fn finish(&mut self, moment: &Moment<'_>) {
        Self::write("finished", moment);
    }
}
