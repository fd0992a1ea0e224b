//! The line of stages, put together.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::duplicates::DuplicateCheck;
use super::job::ModeParts;
use super::map_context::MapContext;
use super::mapped_chunk::MappedChunk;
use super::passed_over::PassedOver;
use super::{Intake, Job, Ran, commit, duplicates, fill, read};
use crate::delivery::{Delivery, MemoryBudget, Sender};
use crate::journal::{Progress, Tracker};
use crate::mapping::RecordMapper;
use crate::outcomes::event::Event;
use crate::outcomes::{Ledger, Reporter, StopReason};
use crate::signal::Signals;
use crate::source::Input;

/// Room for messages to the committer. They are small, but for rejects, which are waited for; the bound only keeps senders from
/// running ahead of it.
const EVENTS: usize = 256;

/// Runs a job until it is finished or stopped.
pub async fn run(job: Job, reporter: &mut dyn Reporter, signals: &mut Signals) -> Ran {
    let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
    let (events, inbox) = mpsc::channel(EVENTS);
    let parts = ModeParts::of(job.mode, &job.intake);
    let progress = Arc::new(parts.progress);
    let Intake { inputs, part, records, reader, mappers, largest_request, watch, workers } = job.intake;
    let tracker = Tracker::new(inputs.len());
    let is_last_part = part.end == inputs.len();

    let names = inputs.iter().map(Input::name).collect();
    // If keys are to be collected, every record has to be read, those of other shards too.
    let read_only = records.shard().filter(|_| !matches!(parts.check, DuplicateCheck::Find(_)));
    let columns = columns_of(&mappers);
    let recognizer = parts.unchanged.recognizer();
    let passed_over = PassedOver::of(&parts.unchanged, &parts.check, &progress, inputs.len());
    // What was confirmed is known by the hash of the encoded form.
    let is_looked_up = parts.unchanged.is_kept() && parts.lookup.is_some();
    let context = MapContext {
        mappers,
        progress: Arc::clone(&progress),
        confirmed: parts.lookup,
        unchanged: parts.unchanged.clone(),
        ids: parts.ids,
        duplicates: parts.check,
        encode: parts.delivery.is_some() || is_looked_up,
        largest_request,
        mark: parts.delivery.as_ref().and_then(|delivery| delivery.mark.clone()),
        preview: parts.preview,
        foresee: parts.reported.is_some(),
        records: records.clone(),
    };
    let (queue, mapped) = super::mappers::start(workers, context, events.clone(), stop.clone());
    let (limits, read_progress) = (reader, Arc::clone(&progress));
    let reading = read::ReadJob {
        inputs,
        part: part.clone(),
        columns,
        limits,
        shard: read_only,
        watch,
        progress: read_progress,
        recognizer,
        passed_over,
    };
    read::start(reading, stop.clone(), move |read| queue.push(read));
    let mapped = Box::pin(mapped.take_until(stop.clone().cancelled_owned()));
    let pace = parts.delivery.as_ref().map(|delivery| Arc::clone(delivery.destination.pace()));
    let stopped = stop.clone();
    let stages = match parts.delivery {
        Some(delivery) => tokio::spawn(send(mapped, delivery, progress, events, (stop.clone(), abort.clone()))),
        None => tokio::spawn(async move {
            fill::discard(mapped, &events).await;
            if let Some(finder) = parts.reported {
                duplicates::report_duplicates(finder, records, names, &stopped, &events).await;
            }
        }),
    };
    let committer = commit::Committer {
        ledger: parts.ledger,
        pace,
        journal: parts.journal,
        confirmed: parts.confirmed,
        failed: false,
        tracker,
        is_last_part,
        previews: parts.preview,
        max_errors: parts.max_errors,
        predicted: parts.predicted,
        stop,
        abort,
    };
    let ran = committer.run(inbox, reporter, signals).await;
    Ran { ledger: end(stages, ran.ledger, part.end).await, ..ran }
}

/// The columns that mean something in each input, if it is a CSV.
pub(super) fn columns_of(mappers: &[Arc<dyn RecordMapper>]) -> Vec<&'static [&'static str]> {
    mappers.iter().map(|mapper| mapper.columns()).collect()
}

/// Packs what was mapped, and sends it.
async fn send(
    mapped: impl Stream<Item = MappedChunk>,
    delivery: Delivery,
    progress: Arc<Progress>,
    events: mpsc::Sender<Event>,
    (stop, abort): (CancellationToken, CancellationToken),
) {
    let (batches, waiting) = mpsc::channel(1);
    let envelope = delivery.destination.envelope();
    let outlet = fill::Outlet { batches, budget: MemoryBudget::new(delivery.memory), envelope };
    let sender = Sender::new(delivery, events.clone(), stop, abort);
    let filling = fill::batches(mapped, sender.limits(), &progress.in_doubt, outlet, events);
    futures::join!(filling, sender.run(waiting));
}

/// The committer ends when the stages do: nothing is left of them but how they ended.
async fn end(stages: JoinHandle<()>, mut ledger: Ledger, inputs: usize) -> Ledger {
    if let Err(error) = stages.await {
        ledger.stopped.get_or_insert(StopReason::Internal(format!("a stage failed: {error}")));
    } else if ledger.stopped.is_none() && !ledger.is_complete_up_to(inputs) {
        ledger.stopped = Some(StopReason::Internal("the run ended before its input did".to_owned()));
    }
    ledger
}
