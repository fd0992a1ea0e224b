//! How far a job is that is no run of the pipeline, on stderr.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::json_line;
use crate::ignore::ignore;

/// How far a job is.
pub trait ShownProgress: Serialize {
    /// How much is done of what a bar is about.
    fn done(&self) -> u64;

    /// One line for people.
    fn line(&self, elapsed: Duration) -> String;
}

/// Shows it on stderr.
#[derive(Debug)]
pub struct ProgressDisplay {
    style: Style,
    last: Duration,
}

#[derive(Debug)]
enum Style {
    Bar(ProgressBar),
    Lines(Duration),
    Json(Duration),
    Silent,
}

#[derive(Serialize)]
struct TimedFigures<'a, P> {
    #[serde(flatten)]
    progress: &'a P,
    elapsed_seconds: f64,
}

impl ProgressDisplay {
    /// A bar for so much, or something that moves if nobody knows how much it will be.
    pub fn bar(total: Option<u64>) -> Self {
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{percent:>3}% [{bar:16}] {wide_msg}"),
            None => (ProgressBar::new_spinner(), "{spinner} {wide_msg}"),
        };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::of(Style::Bar(bar))
    }

    /// Lines for people, as of an import.
    pub fn lines() -> Self {
        Self::of(Style::Lines(super::plain::EVERY))
    }

    /// A line for programs every so often.
    pub fn json(every: Duration) -> Self {
        Self::of(Style::Json(every))
    }

    /// Nothing.
    pub fn silent() -> Self {
        Self::of(Style::Silent)
    }

    fn of(style: Style) -> Self {
        Self { style, last: Duration::ZERO }
    }

    /// The state of affairs, several times a second.
    pub fn update(&mut self, progress: &impl ShownProgress, elapsed: Duration) {
        let every = match &self.style {
            Style::Bar(bar) => {
                bar.set_position(progress.done());
                bar.set_message(progress.line(elapsed));
                return;
            }
            Style::Lines(every) | Style::Json(every) => *every,
            Style::Silent => return,
        };
        if elapsed.saturating_sub(self.last) < every {
            return;
        }
        self.last = elapsed;
        if matches!(self.style, Style::Json(_)) {
            json_line::write("progress", &TimedFigures { progress, elapsed_seconds: elapsed.as_secs_f64() });
        } else {
            let line = progress.line(elapsed);
            ignore(writeln!(anstream::stderr(), "{line}"), "a closed stderr must not end anything");
        }
    }

    /// Nothing is left of a bar.
    pub fn finish(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }
}

/// A job that is broken off leaves no bar behind.
impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.finish();
    }
}
