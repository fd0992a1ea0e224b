//! The committer: one task that owns the ledger, the journal and the progress display, and hears the signals.
//!
//! Events are taken in groups: what a group says is written to the journal and made durable with one sync, and only then
//! is it booked, and may senders send what they planned. A group that nothing depends on is made
//! durable along with a later one, after a tenth of a second at most.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Ran;
use super::mode_parts::ModeParts;
use super::stop_tokens::StopTokens;
use super::write_event::write_event;
use crate::ignore::ignore;
use crate::journal::{ConfirmedRecord, ConfirmedUsers, Entry, Journal, ReadMark, Reject, Tracker};
use crate::outcomes::event::{Event, SettledRecords};
use crate::outcomes::{Ledger, Reporter, StopReason};
use crate::pace::PaceGate;
use crate::recognition::UnchangedRecords;
use crate::signal::Signals;

/// How long requests under way may take to end once the run is stopping.
const GRACE: Duration = Duration::from_secs(3);

/// How often the display is renewed.
const TICK: Duration = Duration::from_millis(100);

/// The most events that are made durable together. Of a request there are three.
const GROUP: usize = 1024;

pub(super) struct Committer {
    ledger: Ledger,
    /// The pace of the senders, to be shown.
    pace: Option<Arc<PaceGate>>,
    journal: Option<Journal>,
    confirmed: Option<ConfirmedUsers>,
    /// Where it is noted for the next night which records the target confirmed.
    unchanged_records: Option<Arc<UnchangedRecords>>,
    /// The journal failed: from then on nothing counts as done any more.
    failed: bool,
    tracker: Tracker,
    /// No step of the run comes behind this one.
    is_last_step: bool,
    previews: usize,
    max_errors: Option<u64>,
    /// Rejects that are known to come, those that came already among them.
    predicted_rejects: u64,
    tokens: StopTokens,
}

/// Which step of its run a job is.
#[derive(Clone, Copy)]
pub(super) struct StepOfRun {
    /// The step ends before the input with this index. It begins behind the inputs of the steps before.
    pub end: usize,
    /// How many inputs the run has.
    pub input_count: usize,
}

impl Committer {
    /// For a job whose stages were given their parts.
    pub(super) fn of(parts: ModeParts, pace: Option<Arc<PaceGate>>, step: StepOfRun, tokens: StopTokens) -> Self {
        Self {
            ledger: parts.ledger,
            pace,
            journal: parts.journal,
            confirmed: parts.confirmed,
            unchanged_records: parts.unchanged.of_second_pass(),
            failed: false,
            tracker: Tracker::new(step.input_count),
            is_last_step: step.end == step.input_count,
            previews: parts.preview,
            max_errors: parts.max_errors,
            predicted_rejects: parts.predicted_rejects,
            tokens,
        }
    }

    /// Takes events until every stage has finished.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Event>,
        reporter: &mut dyn Reporter,
        signals: &mut Signals,
    ) -> Ran {
        // What the steps before took counts, too.
        let started = Instant::now() - self.ledger.elapsed;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deadline = None;
        let mut group = Vec::with_capacity(GROUP);
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => self.stop_because(StopReason::Interrupted(signal)),
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    deadline = None;
                    tracing::debug!("requests in flight are given up after {GRACE:?}");
                    self.tokens.abort.cancel();
                }
                _ = ticks.tick() => {
                    self.note_figures(started);
                    self.make_durable(Ok(()));
                    reporter.update(&self.ledger, self.tokens.stop.is_cancelled());
                }
                count = inbox.recv_many(&mut group, GROUP) => match count {
                    0 => break,
                    _ => self.make_durable_and_book(&mut group),
                },
            }
            if self.tokens.stop.is_cancelled() && deadline.is_none() && !self.tokens.abort.is_cancelled() {
                deadline = Some(Instant::now() + GRACE);
            }
        }
        self.finish(reporter, started)
    }

    /// Notes how far and how fast it goes.
    fn note_figures(&mut self, started: Instant) {
        self.ledger.elapsed = started.elapsed();
        self.ledger.pace = self.pace.as_ref().map(|pace| pace.figures());
    }

    /// Makes a group of events durable, then books them. What cannot be made durable did not happen: it stays
    /// unfinished, and the run stops.
    fn make_durable_and_book(&mut self, group: &mut Vec<Event>) {
        if let Some(journal) = &mut self.journal {
            let written = group.iter_mut().try_for_each(|event| {
                write_event(journal, event)?;
                if journal.is_full() { tokio::task::block_in_place(|| journal.sync()) } else { Ok(()) }
            });
            if written.is_err() || group.iter().any(Event::must_be_durable) {
                self.make_durable(written);
            }
        }
        if self.failed {
            group.retain(|event| !matches!(event, Event::Settled { .. } | Event::Planned { .. }));
        }
        self.remember_confirmed(group);
        // What was planned may go when all else is booked: the senders then wake once for all of it, and not for each request.
        let planned: Vec<Event> = group.extract_if(.., |event| matches!(event, Event::Planned { .. })).collect();
        for event in group.drain(..).chain(planned) {
            self.book(event);
        }
    }

    /// Makes durable what is in the journal by now, unless writing it failed; either failure stops the run.
    fn make_durable(&mut self, written: io::Result<()>) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(source) = written.and_then(|()| tokio::task::block_in_place(|| journal.sync())) {
            let path = journal.path().display().to_string();
            self.failed = true;
            self.journal = None;
            self.stop_because(StopReason::Journal { path, source });
        }
    }

    /// Remembers what a group confirms, all of it at once. Otherwise, if each request carries one user, there would be a write for
    /// each request.
    fn remember_confirmed(&mut self, group: &mut [Event]) {
        let mut confirmed: Vec<_> = group.iter_mut().filter_map(Event::confirmed_mut).collect();
        if confirmed.is_empty() {
            return;
        }
        let unchanged_records = self.unchanged_records.clone();
        self.remember(|users| {
            if let Some(unchanged_records) = unchanged_records {
                let records = confirmed.iter().flat_map(|confirmed| confirmed.iter());
                unchanged_records.confirm(records.filter_map(ConfirmedRecord::record).collect());
            }
            users.add(confirmed.iter_mut().flat_map(|confirmed| confirmed.drain(..)))
        });
    }

    fn book(&mut self, event: Event) {
        match event {
            Event::Mapped(counts) => {
                self.track(|tracker| tracker.begin_chunk(counts.start, counts.not_settled_before));
                self.ledger.book_mapped(*counts, self.previews);
            }
            Event::InputEnded(end) => {
                self.ledger.book_input_ended(end);
                self.track(|tracker| tracker.input_ended(end.input, end.records));
            }
            // A sender that is gone does not mind.
            Event::Planned { durable, .. } => ignore(durable.send(()), "the sender was stopped in between"),
            Event::Settled { settled, booked: _booked, memory: _memory } => {
                self.book_settled(settled);
            }
            Event::Late { rejects, shared } => {
                for reject in rejects {
                    self.ledger.book_rejected_late(reject);
                }
                for shared in shared {
                    self.ledger.book_shared_late(shared);
                }
                self.check_errors();
            }
            Event::Requested { again, throttled } => self.ledger.book_requested(again, throttled),
            // The input ends here. What came before is whole, and is sent.
            Event::Stopped(reason @ StopReason::Source(_)) => {
                self.ledger.stopped.get_or_insert(reason);
            }
            Event::Stopped(reason) => self.stop_because(reason),
        }
    }

    fn book_settled(&mut self, SettledRecords { at_target, rejects, .. }: SettledRecords) {
        for record in at_target {
            self.ledger.book_settled(&record);
            self.track(|tracker| tracker.note_settled(record.key));
        }
        for Reject { code, key, position, same_as, .. } in rejects {
            self.ledger.book_rejected_record(key.input, code, position, same_as);
            self.track(|tracker| tracker.note_settled(key));
        }
        self.check_errors();
    }

    fn check_errors(&mut self) {
        let rejects = self.ledger.rejected().max(self.predicted_rejects + self.ledger.rejected_by_target());
        if let Some(limit) = self.max_errors.filter(|limit| rejects > *limit) {
            self.stop_because(StopReason::TooManyErrors { limit });
        }
    }

    /// Remembers who is at the target. That only saves work, so an error ends the remembering and nothing else.
    fn remember(&mut self, remember: impl FnOnce(&mut ConfirmedUsers) -> io::Result<()>) {
        let Some(mut users) = self.confirmed.take() else { return };
        match tokio::task::block_in_place(|| remember(&mut users)) {
            Ok(()) => self.confirmed = Some(users),
            Err(error) => tracing::warn!(%error, "what is at the target is not remembered for the next run"),
        }
    }

    /// Follows how far everything is settled. Without a journal nobody wants to know, and what is never settled, as in a dry
    /// run, would pile up.
    ///
    /// A mark is a shortcut for a later part of the run; it may become durable whenever the next thing does.
    fn track(&mut self, step: impl FnOnce(&mut Tracker) -> Option<ReadMark>) {
        let Some(journal) = &mut self.journal else { return };
        if let Some(mark) = step(&mut self.tracker)
            && let Err(error) = journal.append(&Entry::Reached(mark))
        {
            tracing::debug!(%error, "a mark was not written");
        }
    }

    /// Stops the run. The first reason is the one that is reported, but a second signal means: now.
    fn stop_because(&mut self, reason: StopReason) {
        let insists = self.tokens.stop.is_cancelled() && matches!(reason, StopReason::Interrupted(_));
        self.tokens.stop.cancel();
        if insists {
            self.tokens.abort.cancel();
        }
        // What the target or the user wants now is more urgent than an input that ended early, which will be reported again.
        if matches!(self.ledger.stopped, None | Some(StopReason::Source(_))) {
            tracing::debug!(%reason, "stopping");
            self.ledger.stopped = Some(reason);
        }
    }

    fn finish(mut self, reporter: &mut dyn Reporter, started: Instant) -> Ran {
        let complete = self.is_last_step && self.ledger.is_complete();
        self.remember(|users| {
            users.write()?;
            // Until every update is confirmed, a later run cannot rely on what was known before.
            if complete { users.note_updating(None) } else { Ok(()) }
        });
        let mut whole = None;
        if let Some(mut journal) = self.journal.take() {
            self.ledger.set_rejects_files(journal.rejects_files());
            let finished = if complete { journal.append(&Entry::Finished) } else { Ok(()) };
            // It is not sealed, for more is appended to it, and behind a seal that may be done only when the seal itself is durable.
            // The end of the run is sealed.
            match finished.and_then(|()| journal.sync()) {
                Ok(()) => whole = Some(journal),
                Err(source) => {
                    let path = journal.path().display().to_string();
                    self.stop_because(StopReason::Journal { path, source });
                }
            }
        }
        self.note_figures(started);
        reporter.finish(&self.ledger);
        Ran { ledger: self.ledger, journal: whole, confirmed: self.confirmed }
    }
}
