//! The life of a record, stage by stage. Read it from top to bottom:
//!
//! ```text
//! read::start          a thread of its own: inputs to chunks of records
//!   └─ a bounded line
//! mappers::start       a thread for each core: parse, map, validate, encode; in the order of the input
//!   └─ fill::batches    packs encoded identities by count and bytes
//!        └─ bounded channel
//!           send       N senders at one pace: HTTP, retries, partial retries
//! commit::run          one task: counters, rejects, progress, signals
//! ```
//!
//! Bounded channels are the only backpressure. When the target is slow the senders are busy, so the one waiting batch
//! stays where it is, so nothing more is mapped, so the reader blocks. At any moment there are as many batches as there is
//! room for in memory, one more that waits, and `2 · workers + 2` chunks between reader and batcher.
//!
//! Stopping: the first signal (or a fatal error) ends reading and sending; requests under way are waited for, three
//! seconds at most. A second signal drops them at once. Whatever was not confirmed by then counts as unfinished; the
//! same command takes it up again, and sends what was under way once more under the same idempotency key.

mod batch;
mod blame;
mod commit;
mod duplicates;
mod ended;
mod event;
mod fill;
mod group;
mod ledger;
mod map;
mod mappers;
mod memory;
mod read;
mod reconcile;
mod refusal;
mod room;
mod send;
mod settlement;
mod sharing;
mod single;
mod work;

use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use batch::BatchLimits;
pub use duplicates::{DuplicateCheck, find_duplicates};
pub use event::StopReason;
pub use group::{MappedGroup, MappedIdentity, mapped_groups};
pub use ledger::{CodeCount, Counts, InputProgress, Ledger, RejectedRecord, SameAs};
pub use memory::{MemoryBound, peak_memory, room};
pub use reconcile::OnExisting;
pub use send::Delivery;
pub use sharing::SharingRecord;

use crate::journal::{Journal, Known, KnownLookup, KnownUsers, Progress, Reject, Settled, Tracker};
use crate::mapping::Rules;
use crate::passwords::Passwords;
use crate::report::Reporter;
use crate::signal::Signals;
use crate::source::{Input, ReaderLimits, Shard, Watch};
use event::Event;

/// Room for messages to the committer. They are small, but for rejects, which are waited for; the bound only keeps senders from
/// running ahead of it.
const EVENTS: usize = 256;

/// What is read and how it is mapped: the front half of every job.
#[derive(Clone, Debug)]
pub struct Intake {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Which records of theirs are ours; all of them without one.
    pub shard: Option<Shard>,
    /// Bounds of what the reader buffers.
    pub reader: ReaderLimits,
    /// The choices of mapping.
    pub rules: Rules,
    /// The passwords that the users lack.
    pub passwords: Option<Arc<Passwords>>,
    /// How the bytes of the inputs are looked after.
    pub watch: Watch,
    /// How many mapper workers.
    pub workers: usize,
}

/// What to do.
pub struct Job {
    /// What is read and how it is mapped.
    pub intake: Intake,
    /// How many of the first canonical identities to keep for display.
    pub preview: usize,
    /// Where identities go; `None` for a dry run.
    pub delivery: Option<Delivery>,
    /// Where it is kept what became of each record; `None` for a dry run.
    pub journal: Option<Journal>,
    /// What is done about users who are in the input twice.
    pub duplicates: DuplicateCheck,
    /// What is known to be at the target, to be kept up to date; `None` for a dry run.
    pub known: Option<KnownUsers>,
    /// The same, for users who are not to be asked about again.
    pub lookup: Option<KnownLookup>,
    /// How far an earlier part of the run came.
    pub progress: Progress,
    /// What became of the records of that earlier part; and if nothing is to be sent, why.
    pub ledger: Ledger,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
    /// Rejects that are known to come, which count for that from the beginning.
    pub predicted: u64,
}

impl Job {
    /// A job that sends nothing and keeps nothing.
    pub fn dry_run(intake: Intake, preview: usize, max_errors: Option<u64>) -> Self {
        let progress = Progress::new(intake.inputs.len());
        let ledger = Ledger::new(&intake.inputs, false).of_shard(intake.shard);
        let duplicates = DuplicateCheck::Off;
        Self {
            intake,
            preview,
            delivery: None,
            journal: None,
            duplicates,
            known: None,
            lookup: None,
            progress,
            ledger,
            max_errors,
            predicted: 0,
        }
    }
}

/// Runs a job to its end, whatever that is. The journal comes back unless it failed: that the account was given is for the
/// caller to say in it.
pub async fn run(job: Job, reporter: &mut dyn Reporter, signals: &mut Signals) -> (Ledger, Option<Journal>) {
    let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
    let (events, inbox) = mpsc::channel(EVENTS);
    let progress = Arc::new(job.progress);
    let Intake { inputs, shard, reader, rules, passwords, watch, workers } = job.intake;
    let tracker = Tracker::new(inputs.len());

    let names = inputs.iter().map(Input::name).collect();
    // Whose keys are to be collected has to be read, whoever takes the record.
    let read_only = shard.filter(|_| !matches!(job.duplicates, DuplicateCheck::Find(_)));
    let mapping = map::Mapping {
        rules: Arc::new(rules),
        passwords,
        progress: Arc::clone(&progress),
        known: job.lookup.map(Arc::new),
        duplicates: job.duplicates.clone(),
        encode: job.delivery.is_some(),
        mark: job.delivery.as_ref().and_then(|delivery| delivery.mark.clone()),
        preview: job.preview,
        shard,
    };
    let (feed, mapped) = mappers::start(workers, mapping, events.clone(), stop.clone());
    let reading = read::Reading { inputs, limits: reader, shard: read_only, watch, progress: Arc::clone(&progress) };
    read::start(reading, stop.clone(), move |read| feed.put(read));
    let mapped = Box::pin(mapped.take_until(stop.clone().cancelled_owned()));
    let (pace, stopped) = (job.delivery.as_ref().map(|delivery| Arc::clone(&delivery.pace)), stop.clone());
    let stages = match job.delivery {
        Some(delivery) => {
            let (batches, waiting) = mpsc::channel(1);
            let outlet = fill::Outlet { batches, room: room::Room::new(delivery.room) };
            let sender = send::Sender::new(delivery, events.clone(), stop.clone(), abort.clone());
            let limits = sender.limits();
            tokio::spawn(async move {
                let filling = fill::batches(mapped, limits, &progress.in_doubt, outlet, events);
                futures::join!(filling, sender.run(waiting));
            })
        }
        None => tokio::spawn(async move {
            fill::discard(mapped, &events).await;
            duplicates::tell_found(job.duplicates, shard, names, &stopped, &events).await;
        }),
    };
    let committer = commit::Committer {
        ledger: job.ledger,
        pace,
        journal: job.journal,
        known: job.known,
        failed: false,
        tracker,
        previews: job.preview,
        max_errors: job.max_errors,
        predicted: job.predicted,
        stop,
        abort,
    };
    let (ledger, journal) = committer.run(inbox, reporter, signals).await;
    (end(stages, ledger).await, journal)
}

/// The committer ends when the stages do: nothing is left of them but how they ended.
async fn end(stages: JoinHandle<()>, mut ledger: Ledger) -> Ledger {
    if let Err(error) = stages.await {
        ledger.stopped.get_or_insert(StopReason::Internal(format!("a stage failed: {error}")));
    } else if ledger.stopped.is_none() && !ledger.is_complete() {
        ledger.stopped = Some(StopReason::Internal("the run ended before its input did".to_owned()));
    }
    ledger
}

/// Tells the committer. It outlives every stage, so a closed channel means that the run is over and nobody listens.
async fn tell(events: &mpsc::Sender<Event>, event: Event) {
    if events.send(event).await.is_err() {
        tracing::debug!("the committer is gone");
    }
}

/// Tells the committer what became of records. A reject holds the record itself, so whoever has rejects waits until they are
/// booked: at any moment each stage has few of them in memory, and not as many as the channel has room for.
async fn settle(events: &mpsc::Sender<Event>, records: Vec<Settled>, rejects: Vec<Reject>, known: Vec<Known>) {
    if records.is_empty() && rejects.is_empty() {
        return;
    }
    let (booked, told) = oneshot::channel();
    let waits = !rejects.is_empty();
    tell(events, Event::Settled { records, rejects, known, booked }).await;
    if waits {
        // Nothing is ever said: it is dropped when it is time.
        drop(told.await);
    }
}
