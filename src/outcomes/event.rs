//! What the stages report to the committer.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::StopReason;
use super::booking::{InputEnd, LateReject, LateShared, MappedChunkCounts};
use crate::ignore::ignore;
use crate::journal::{ConfirmedRecord, Entry, Identified, RecordOutcome, Reject, Settled};

/// What became of some records.
#[derive(Debug, Default)]
pub(crate) struct SettledRecords {
    /// Created, updated or there already.
    pub at_target: Vec<Settled>,
    /// Rejected.
    pub rejects: Vec<Reject>,
    /// Those that were confirmed to be at the target exactly as exported.
    pub confirmed: Vec<ConfirmedRecord>,
    /// Ids at the target that the outcome itself does not hold.
    pub identified: Vec<Identified>,
}

/// What a batch takes of the memory for all of them. It is given back once everything that shares it has dropped it.
pub(crate) type SharedMemory = Option<Arc<OwnedSemaphorePermit>>;

/// A message to the committer.
#[derive(Debug)]
pub(crate) enum Event {
    /// A chunk of records was mapped. Comes before everything that is said of its records: the tracker relies on it.
    Mapped(Box<MappedChunkCounts>),
    /// An input was read to its end.
    InputEnded(InputEnd),
    /// A batch is about to be sent, as the entry says; the committer answers on `durable` once it is.
    Planned { entry: Entry, durable: oneshot::Sender<()> },
    /// Records were settled. What an answer settles by itself comes in one event, and only many or large rejects come in several.
    /// What has to be read back first comes in a later one.
    Settled {
        /// What became of them.
        settled: SettledRecords,
        /// The committer drops it once that is booked.
        booked: oneshot::Sender<()>,
        /// What their batch takes of the memory budget, while any of it is in memory.
        memory: SharedMemory,
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

impl SettledRecords {
    /// Whether nothing is said.
    fn is_empty(&self) -> bool {
        let Self { at_target, rejects, confirmed, identified } = self;
        at_target.is_empty() && rejects.is_empty() && confirmed.is_empty() && identified.is_empty()
    }

    /// How many bytes its outcomes and rejects take in memory. What was confirmed and the ids are not counted: what mapping settles has
    /// none of either.
    pub(crate) fn size(&self) -> usize {
        size_of_val(self.at_target.as_slice()) + self.rejects.iter().map(Reject::size).sum::<usize>()
    }
}

impl Event {
    /// Whether it has to be durable before anything follows from it: a batch may not be sent before its plan is, and what
    /// the target did for us must not be forgotten. Nor must the id of a user whom it confirmed: who is remembered as confirmed is
    /// not asked about again. All else that a crash loses is made again when the run is resumed.
    pub(crate) fn must_be_durable(&self) -> bool {
        match self {
            Self::Planned { .. } => true,
            Self::Settled { settled: SettledRecords { at_target, confirmed, .. }, .. } => {
                let is_done = |outcome: &RecordOutcome| {
                    !matches!(outcome, RecordOutcome::Unchanged | RecordOutcome::Rejected { .. })
                };
                !confirmed.is_empty() || at_target.iter().any(|record| is_done(&record.outcome))
            }
            Self::Mapped(_) | Self::InputEnded(_) | Self::Late { .. } | Self::Requested { .. } | Self::Stopped(_) => {
                false
            }
        }
    }

    /// What the target confirmed, if it says so of any record.
    pub(crate) fn confirmed_mut(&mut self) -> Option<&mut Vec<ConfirmedRecord>> {
        match self {
            Self::Settled { settled, .. } => Some(&mut settled.confirmed).filter(|confirmed| !confirmed.is_empty()),
            _ => None,
        }
    }
}

/// Sends an event to the committer. It outlives every stage, so a closed channel means that the run is over.
pub(crate) async fn send_event(events: &mpsc::Sender<Event>, event: Event) {
    if events.send(event).await.is_err() {
        tracing::debug!("the committer is gone");
    }
}

/// How many bytes are on their way to the committer at once: rejects that senders report, and what mapping rejected or found
/// unchanged.
pub(crate) const SETTLED_TOGETHER: usize = 256 * 1024;

/// Sends to the committer what became of records. A reject holds the record itself, so a stage that sends rejects waits
/// until they are booked: at any moment each stage has few of them in memory, and not as many as the channel could hold. Other
/// records of a batch hold its `memory` until then.
pub(crate) async fn send_settled(events: &mpsc::Sender<Event>, settled: SettledRecords, memory: SharedMemory) {
    let holds_rejects = !settled.rejects.is_empty();
    if let Some(booked) = begin_sending_settled(events, settled, memory).await
        && holds_rejects
    {
        booked.wait().await;
    }
}

/// Sends the same, if there is any. The caller has to wait for what this returns before there is much of it.
pub(crate) async fn begin_sending_settled(
    events: &mpsc::Sender<Event>,
    settled: SettledRecords,
    memory: SharedMemory,
) -> Option<Booked> {
    if settled.is_empty() {
        return None;
    }
    let (booked, is_booked) = oneshot::channel();
    send_event(events, Event::Settled { settled, booked, memory }).await;
    Some(Booked(is_booked))
}

/// Comes when what was sent is booked, and in memory no more.
#[derive(Debug)]
pub(crate) struct Booked(oneshot::Receiver<()>);

impl Booked {
    /// Waits for it.
    pub(crate) async fn wait(self) {
        ignore(self.0.await, "the committer sends nothing: it drops its end once it has booked them");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RecordKey;

    /// The memory of confirmed users goes to disk by itself. A user who is in it is not asked about again, so the user's id has to be
    /// in the journal by then.
    #[test]
    fn what_is_remembered_as_confirmed_must_be_durable_first() {
        let key = RecordKey { input: 0, number: 1 };
        let unchanged = || vec![Settled { key, outcome: RecordOutcome::Unchanged, notices: 0 }];
        let event = |confirmed| {
            let settled = SettledRecords { at_target: unchanged(), confirmed, ..SettledRecords::default() };
            Event::Settled { settled, booked: oneshot::channel().0, memory: None }
        };
        assert!(event(vec![ConfirmedRecord::nothing("emp-1")]).must_be_durable());
        assert!(!event(Vec::new()).must_be_durable(), "what mapping settles waits for nothing");
    }
}
