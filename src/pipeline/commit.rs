//! The committer: one task that owns the ledger, the rejects file and the progress display, and hears the signals.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Ledger;
use super::event::{Event, StopReason};
use crate::journal::RejectsFile;
use crate::report::{Moment, Reporter};
use crate::signal::Signals;

/// How long requests under way may take to end once the run is stopping.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How often the display is renewed and buffered rejects are written.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Committer {
    pub ledger: Ledger,
    pub rejects: Option<RejectsFile>,
    pub previews: usize,
    pub max_errors: Option<u64>,
    pub stop: CancellationToken,
    pub abort: CancellationToken,
}

impl Committer {
    /// Takes events until every stage is done.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Event>,
        reporter: &mut dyn Reporter,
        mut signals: Signals,
    ) -> Ledger {
        let started = Instant::now();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deadline = None;
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => self.stop_because(StopReason::Interrupted(signal)),
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    deadline = None;
                    self.abort.cancel();
                }
                _ = ticks.tick() => self.tick(reporter, started),
                event = inbox.recv() => match event {
                    Some(event) => self.take(event),
                    None => break,
                },
            }
            if self.stop.is_cancelled() && deadline.is_none() && !self.abort.is_cancelled() {
                deadline = Some(Instant::now() + GRACE);
            }
        }
        self.finish(reporter, started)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Mapped(counts) => self.ledger.mapped(counts, self.previews),
            Event::Settled { created, unchanged } => self.ledger.settled(created, unchanged),
            Event::Requested { again, throttled } => self.ledger.requested(again, throttled),
            Event::Stopped(reason) => self.stop_because(reason),
            Event::Rejected(reject) => {
                let written = self.rejects.as_mut().map_or(Ok(()), |file| file.append(&reject));
                if written.is_err() {
                    // A reject that cannot be kept must not be lost: it stays unfinished, and the run stops.
                    return self.check_rejects(written);
                }
                self.ledger.rejected_at(reject.code, reject.position);
                if let Some(limit) = self.max_errors.filter(|limit| self.ledger.rejected() > *limit) {
                    self.stop_because(StopReason::TooManyErrors { limit });
                }
            }
        }
    }

    /// Stops the run. The first reason is the one that is told, but a second signal means: now.
    fn stop_because(&mut self, reason: StopReason) {
        let insists = self.stop.is_cancelled() && matches!(reason, StopReason::Interrupted(_));
        self.stop.cancel();
        if insists {
            self.abort.cancel();
        }
        if self.ledger.stopped.is_none() {
            tracing::debug!(%reason, "stopping");
            self.ledger.stopped = Some(reason);
        }
    }

    fn tick(&mut self, reporter: &mut dyn Reporter, started: Instant) {
        if let Some(file) = &mut self.rejects {
            let written = file.flush();
            self.check_rejects(written);
        }
        self.ledger.elapsed = started.elapsed();
        reporter.update(&Moment::of(&self.ledger, self.stop.is_cancelled()));
    }

    fn finish(mut self, reporter: &mut dyn Reporter, started: Instant) -> Ledger {
        if let Some(file) = &mut self.rejects {
            let written = file.sync();
            self.check_rejects(written);
        }
        self.ledger.elapsed = started.elapsed();
        self.ledger.rejects_file =
            self.rejects.as_ref().filter(|file| file.is_started()).map(|file| file.path().to_path_buf());
        reporter.finish(&Moment::of(&self.ledger, false));
        self.ledger
    }

    fn check_rejects(&mut self, written: std::io::Result<()>) {
        if let (Err(source), Some(file)) = (written, &self.rejects) {
            let path = file.path().display().to_string();
            self.stop_because(StopReason::Rejects { path, source });
        }
    }
}
