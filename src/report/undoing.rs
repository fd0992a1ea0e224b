//! The progress of undoing a run.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::human::{count, duration};
use super::json_line;
use crate::ignore::ignore;

/// What became of the identities that a run created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Identities that the run created.
    pub created: u64,
    /// Identities that were deleted now.
    pub deleted: u64,
    /// Identities that were gone already, as the target reports.
    pub gone_already: u64,
    /// Identities that were kept, because somebody changed them after the run.
    pub kept_changed: u64,
    /// Identities that were kept, because they now belong to somebody else.
    pub kept_not_ours: u64,
    /// Identities that the target did not delete.
    pub failed: u64,
    /// Identities that were kept, because nothing proves whether the run created them.
    #[serde(skip_serializing_if = "is_zero")]
    pub in_doubt: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Deleted {
    /// The number of identities that somebody has to look at.
    pub fn kept(&self) -> u64 {
        self.kept_changed + self.kept_not_ours + self.failed + self.in_doubt
    }

    /// One line for people.
    fn line(&self, elapsed: Duration) -> String {
        let done = self.deleted + self.gone_already + self.kept();
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left =
            (done > 0 && seconds > 1.0).then(|| seconds / done as f64 * self.created.saturating_sub(done) as f64);
        let left = left.and_then(|left| Duration::try_from_secs_f64(left).ok());
        let left = left.map(|left| format!("{} left, ", duration(left))).unwrap_or_default();
        let gone =
            if self.gone_already > 0 { format!(", {} gone already", count(self.gone_already)) } else { String::new() };
        let kept = if self.kept() > 0 { format!(", {} kept", count(self.kept())) } else { String::new() };
        format!("{left}{} of {} deleted{gone}{kept}", count(self.deleted), count(self.created))
    }
}

/// Shows the progress of an undo on stderr.
#[derive(Debug)]
pub struct UndoProgress {
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
struct UndoFigures {
    #[serde(flatten)]
    deleted: Deleted,
    elapsed_seconds: f64,
}

impl UndoProgress {
    /// A bar for this many identities.
    pub fn bar(created: u64) -> Self {
        let style = ProgressStyle::with_template("{percent:>3}% [{bar:16}] {wide_msg}");
        let bar = ProgressBar::new(created);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::of(Style::Bar(bar))
    }

    /// A line for people every few seconds, as in an import.
    pub fn lines() -> Self {
        Self::of(Style::Lines(super::plain::EVERY))
    }

    /// A line for programs at every interval.
    pub fn json(every: Duration) -> Self {
        Self::of(Style::Json(every))
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self::of(Style::Silent)
    }

    fn of(style: Style) -> Self {
        Self { style, last: Duration::ZERO }
    }

    /// Shows the present state. It is called several times a second.
    pub fn update(&mut self, deleted: Deleted, elapsed: Duration) {
        let every = match &self.style {
            Style::Bar(bar) => {
                bar.set_position(deleted.deleted + deleted.gone_already + deleted.kept());
                bar.set_message(deleted.line(elapsed));
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
            json_line::write("progress", &UndoFigures { deleted, elapsed_seconds: elapsed.as_secs_f64() });
        } else {
            let line = deleted.line(elapsed);
            ignore(writeln!(anstream::stderr(), "{line}"), "a closed stderr must not end anything");
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }
}
