//! What the stages report to the committer.

use tokio::sync::{mpsc, oneshot};

use super::StopReason;
use super::booking::{InputEnd, LateReject, LateShared, MappedChunkCounts};
use crate::ignore::ignore;
use crate::journal::{ConfirmedUser, Entry, Identified, RecordOutcome, Reject, Settled};

/// What became of some records.
#[derive(Debug, Default)]
pub(crate) struct SettledRecords {
    /// Created or there already.
    pub records: Vec<Settled>,
    /// Rejected.
    pub rejects: Vec<Reject>,
    /// Those that were confirmed to be at the target exactly as exported.
    pub confirmed: Vec<ConfirmedUser>,
    /// What the target calls those that are there, where what became of them does not say it.
    pub identified: Vec<Identified>,
}

/// A message to the committer.
#[derive(Debug)]
pub(crate) enum Event {
    /// A chunk of records was mapped.
    Mapped(Box<MappedChunkCounts>),
    /// An input was read to its end.
    Read(InputEnd),
    /// A batch is about to be sent, as the entry says; the committer answers on `ready` once that is durable.
    Planned { entry: Entry, ready: oneshot::Sender<()> },
    /// Records come to their end. All that one answer settles comes at once, but for many or large rejects.
    Settled {
        /// What became of them.
        settled: SettledRecords,
        /// The committer drops it once that is booked.
        booked: oneshot::Sender<()>,
    },
    /// What was found about records that were taken for valid.
    Late {
        /// They are duplicates.
        rejects: Vec<LateReject>,
        /// They share an address or a number.
        shared: Vec<LateShared>,
    },
    /// A request was sent and came to an end.
    Requested {
        /// It was a further attempt.
        again: bool,
        /// It was refused for going too fast.
        throttled: bool,
    },
    /// The run cannot go on.
    Stopped(StopReason),
}

impl Event {
    /// Whether it has to be durable before anything follows from it: a batch may not be sent before its plan is, and what
    /// the target did for us must not be forgotten. All else that a crash loses is made again when the run is resumed.
    pub(crate) fn must_be_durable(&self) -> bool {
        match self {
            Self::Planned { .. } => true,
            Self::Settled { settled, .. } => settled
                .records
                .iter()
                .any(|record| !matches!(record.outcome, RecordOutcome::Unchanged | RecordOutcome::Rejected { .. })),
            Self::Mapped(_) | Self::Read(_) | Self::Late { .. } | Self::Requested { .. } | Self::Stopped(_) => false,
        }
    }
}

/// Sends an event to the committer. It outlives every stage, so a closed channel means that the run is over.
pub(crate) async fn send_event(events: &mpsc::Sender<Event>, event: Event) {
    if events.send(event).await.is_err() {
        tracing::debug!("the committer is gone");
    }
}

/// Reports to the committer what became of records. A reject holds the record itself, so a stage that sends rejects waits
/// until they are booked: at any moment each stage has few of them in memory, and not as many as the channel could hold.
pub(crate) async fn report_settled(events: &mpsc::Sender<Event>, settled: SettledRecords) {
    if let Some(booked) = report_rejects(events, settled).await {
        booked.wait().await;
    }
}

/// Reports the same. If there are rejects among it, the caller has to wait for what this returns before there are many of them.
pub(crate) async fn report_rejects(events: &mpsc::Sender<Event>, settled: SettledRecords) -> Option<Booked> {
    if settled.records.is_empty() && settled.rejects.is_empty() {
        return None;
    }
    let (booked, is_booked) = oneshot::channel();
    let holds_rejects = !settled.rejects.is_empty();
    send_event(events, Event::Settled { settled, booked }).await;
    holds_rejects.then_some(Booked(is_booked))
}

/// Comes when the rejects of a report are written, and in memory no more.
#[derive(Debug)]
pub(crate) struct Booked(oneshot::Receiver<()>);

impl Booked {
    /// Waits for it.
    pub(crate) async fn wait(self) {
        ignore(self.0.await, "the committer sends nothing: it drops its end once the rejects are written");
    }
}
