//! One line every few seconds, for logs.

use std::io::Write;
use std::time::Duration;

use super::Moment;
use crate::ignore::ignore;
use crate::outcomes::{Ledger, Reporter};

/// How long between two lines.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// Plain lines on stderr.
#[derive(Debug, Default)]
pub struct PlainLines {
    last: Duration,
}

impl PlainLines {
    /// The first line comes after the first interval.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Reporter for PlainLines {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        let now = ledger.elapsed;
        if now.saturating_sub(self.last) >= EVERY {
            self.last = now;
            let line = Moment::of(ledger, stopping).line();
            ignore(writeln!(anstream::stderr(), "{line}"), "a closed stderr must not end an import");
        }
    }

    fn finish(&mut self, _: &Ledger) {}
}
