//! A progress bar for terminals.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Moment;
use crate::outcomes::{Ledger, Reporter};

/// A bar by bytes if the size is known, otherwise a spinner.
#[derive(Debug)]
pub struct Bars {
    bar: ProgressBar,
}

impl Bars {
    /// A bar for this many bytes. indicatif draws on stderr, and draws nothing if that is not a terminal.
    pub fn new(bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(total) => (ProgressBar::new(total), "{percent:>3}% [{bar:16}] {wide_msg}"),
            None => (ProgressBar::new_spinner(), "{spinner} {wide_msg}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }
}

impl Reporter for Bars {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        self.bar.set_position(ledger.bytes_read());
        self.bar.set_message(Moment::of(ledger, stopping).line());
    }

    fn finish(&mut self, _: &Ledger) {
        self.bar.finish_and_clear();
    }
}
