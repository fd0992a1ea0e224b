//! The state of a run at one moment, as the displays need it.

use std::time::Duration;

use serde::Serialize;

use crate::outcomes::{Counts, Ledger};
use crate::pace::{HoldReason, PaceFigures};

/// The state of a run at one moment.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The account so far.
    pub ledger: &'a Ledger,
    /// Whether the run is about to stop early.
    pub stopping: bool,
}

/// The figures of a moment, as JSON progress shows them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The records, by outcome.
    #[serde(flatten)]
    pub counts: Counts,
    /// Bytes of the input whose records were mapped.
    pub bytes: u64,
    /// Bytes of the input in all, if known.
    pub bytes_total: Option<u64>,
    /// Seconds since the start.
    pub elapsed_seconds: f64,
    /// Records settled each second, on average since the start.
    pub users_per_second: f64,
    /// Bytes read each second, on average since the start.
    pub bytes_per_second: f64,
    /// Requests each second, on average since the start.
    pub requests_per_second: f64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests that the target refused because they came too fast.
    pub throttled: u64,
    /// Requests that were retries.
    pub retries: u64,
    /// The estimated time to the end, in seconds, if the size is known and the run has lasted a while.
    pub eta_seconds: Option<f64>,
    /// The figures of the pace; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<PaceFigures>,
}

impl<'a> Moment<'a> {
    /// The state of the run with this account.
    pub fn of(ledger: &'a Ledger, stopping: bool) -> Self {
        Self { ledger, stopping }
    }

    /// The figures.
    #[expect(clippy::cast_precision_loss, reason = "rates are for display")]
    pub fn figures(&self) -> Figures {
        let ledger = self.ledger;
        let counts = ledger.counts();
        let seconds = ledger.elapsed.as_secs_f64();
        let rate = |amount: u64| if seconds > 0.0 { amount as f64 / seconds } else { 0.0 };
        let (bytes, bytes_total) = (ledger.bytes_read(), ledger.bytes_total());
        // What an earlier part of the run did does not count for the speed of this part.
        let bytes_per_second = rate(bytes.saturating_sub(ledger.continued_from));
        let eta_seconds = bytes_total
            .filter(|_| bytes_per_second > 0.0 && seconds > 1.0)
            .map(|total| total.saturating_sub(bytes) as f64 / bytes_per_second);
        Figures {
            counts,
            bytes,
            bytes_total,
            elapsed_seconds: (seconds * 1000.0).round() / 1000.0,
            users_per_second: rate((counts.read - counts.unfinished).saturating_sub(ledger.continued_records)),
            bytes_per_second,
            requests_per_second: rate(ledger.requests),
            requests: ledger.requests,
            throttled: ledger.throttled,
            retries: ledger.retries,
            eta_seconds,
            pace: ledger.pace.clone(),
        }
    }

    /// One line for people: what is done, how fast, how long it will take.
    pub fn line(&self) -> String {
        let figures = self.figures();
        let Counts { read, created, updated, unchanged, rejected, .. } = figures.counts;
        let mut parts = Vec::new();
        if self.stopping {
            parts.push("stopping".to_owned());
        }
        // Terminals are narrow, so the most wanted figure comes first.
        if let Some(seconds) = figures.eta_seconds.filter(|_| !self.stopping) {
            parts.push(format!("{} left", crate::human::duration(Duration::from_secs_f64(seconds))));
        }
        if self.ledger.is_dry_run() {
            parts.push(crate::human::plural(read, "user"));
        } else {
            parts.push(format!("{} created", crate::human::count(created)));
            if updated > 0 {
                parts.push(format!("{} updated", crate::human::count(updated)));
            }
            if unchanged > 0 {
                parts.push(format!("{} unchanged", crate::human::count(unchanged)));
            }
        }
        parts.push(format!("{} rejected", crate::human::count(rejected)));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small and positive")]
        parts.push(format!("{} users/s", crate::human::count(figures.users_per_second as u64)));
        parts.push(format!("{}/s", crate::human::bytes(figures.bytes_per_second)));
        if !self.ledger.is_dry_run() {
            let allowed = figures.pace.as_ref().map(pace).unwrap_or_default();
            parts.push(format!("{:.1} requests/s{allowed}", figures.requests_per_second));
        }
        if figures.throttled > 0 {
            let share = figures.pace.as_ref().map_or(0.0, |pace| pace.refused_share * 100.0);
            parts.push(format!("{} refused for going too fast ({share:.1} %)", crate::human::count(figures.throttled)));
        }
        if figures.retries > 0 {
            parts.push(crate::human::plural(figures.retries, "further attempt"));
        }
        parts.join(", ")
    }
}

/// The pace in a few words: ` of 49.2/s (the target allows about 50.0/s), 6 at once`; or why requests wait, and how long.
fn pace(figures: &PaceFigures) -> String {
    let PaceFigures { rate, ceiling, reason, concurrency, holding, holding_seconds, .. } = figures;
    // If the rate is at its ceiling, the reason says so.
    let at_most = ceiling.filter(|ceiling| rate < ceiling).map(|ceiling| format!(", at most {ceiling:.1}/s"));
    let why = match holding {
        None => return format!(" of {rate:.1}/s{} ({reason}), {concurrency} at once", at_most.unwrap_or_default()),
        Some(HoldReason::Refused) => "refused for going too fast",
        Some(HoldReason::Asked) => "the target asks to wait",
        Some(HoldReason::Down) => "the target fails, trying again",
    };
    format!(" ({why}: {} yet)", crate::human::duration(Duration::from_secs(holding_seconds.unwrap_or_default())))
}
