//! The line of stages, put together.

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt, Stream, StreamExt};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::chunk_reader::{ChunkReader, ReaderSetup};
use super::commit::{Committer, StepOfRun};
use super::duplicates::{DuplicateCheck, DuplicatesToReport};
use super::map_context::MapContext;
use super::mapped_chunk::MappedChunk;
use super::mode_parts::ModeParts;
use super::passed_over::PassedOver;
use super::stop_tokens::StopTokens;
use super::{Job, Ran, fill, mappers};
use crate::delivery::{DeliveryTerms, MemoryBudget, Senders};
use crate::journal::Progress;
use crate::outcomes::event::Event;
use crate::outcomes::{Ledger, Reporter, StopReason};
use crate::signal::Signals;
use crate::source::Input;

/// Room for messages to the committer. They are small, but for rejects, which are waited for; the bound only keeps senders from
/// running ahead of it.
const EVENTS: usize = 1024;

/// Runs a job until it is finished or stopped.
pub async fn run(job: Job, reporter: &mut dyn Reporter, signals: &mut Signals) -> Ran {
    let tokens = StopTokens::default();
    let (events, inbox) = mpsc::channel(EVENTS);
    let Job { intake, mode } = job;
    let mut parts = ModeParts::of(mode, &intake);
    let step = StepOfRun { end: intake.inputs_of_step.end, input_count: intake.inputs.len() };
    let (records, names) = (intake.records.clone(), intake.inputs.iter().map(Input::name).collect());
    let (context, workers) = (MapContext::of(&parts, &intake), intake.workers);
    let setup = ReaderSetup {
        // If keys are to be collected, every record has to be read, those of other shards too.
        shard: records.shard().filter(|_| !matches!(parts.duplicates, DuplicateCheck::Find(_))),
        recognizer: parts.unchanged.recognizer(),
        passed_over: PassedOver::of(&parts.unchanged, &parts.duplicates, &parts.progress, step.input_count),
        ..ReaderSetup::of(intake, Arc::clone(&parts.progress))
    };
    let mapped = mappers::start(workers, ChunkReader::new(setup), context, events.clone(), tokens.stop.clone());
    let mapped = Box::pin(mapped.take_until(tokens.stop.clone().cancelled_owned()));
    let delivery = parts.delivery.take();
    let pace = delivery.as_ref().map(|delivery| Arc::clone(delivery.destination.pace()));
    let progress = Arc::clone(&parts.progress);
    let to_report = parts.duplicates_to_report.take().map(|finder| DuplicatesToReport { finder, records, names });
    let stages = match delivery {
        Some(delivery) => end_of(on_one_thread(send(mapped, delivery, progress, events, tokens.clone()))).boxed(),
        None => in_this_task(only_count(mapped, to_report, events, tokens.stop.clone())).boxed(),
    };
    let committer = Committer::of(parts, pace, step, tokens);
    let (ran, stages_end) = futures::join!(committer.run(inbox, reporter, signals), stages);
    Ran { ledger: with_end(ran.ledger, stages_end, step.end), ..ran }
}

/// Counts what was mapped, and reports the duplicates if they were looked for.
async fn only_count(
    mapped: impl Stream<Item = MappedChunk>,
    to_report: Option<DuplicatesToReport>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    fill::discard(mapped, &events).await;
    if let Some(duplicates) = to_report {
        duplicates.report(&stop, &events).await;
    }
}

/// Packs what was mapped, and sends it.
async fn send(
    mapped: impl Stream<Item = MappedChunk>,
    delivery: DeliveryTerms,
    progress: Arc<Progress>,
    events: mpsc::Sender<Event>,
    StopTokens { stop, abort }: StopTokens,
) {
    let (batches, waiting) = mpsc::channel(1);
    let envelope = delivery.destination.envelope();
    let outlet = fill::Outlet { batches, budget: MemoryBudget::new(delivery.memory), envelope };
    let senders = Senders::new(delivery, events.clone(), stop, abort);
    let filling = fill::batches(mapped, senders.limits(), &progress.in_doubt, outlet, events);
    futures::join!(filling, senders.run(waiting));
}

/// Runs the senders on one thread, and their connections beside them: no request has to wake another thread on its way out and
/// back.
fn on_one_thread(sending: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    // For the compression of bodies, as many threads as can work at once.
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut own = runtime::Builder::new_current_thread();
    let own = match own.max_blocking_threads(threads).enable_all().build() {
        Ok(own) => own,
        Err(error) => {
            tracing::debug!(%error, "the senders have no runtime of their own");
            return tokio::spawn(sending);
        }
    };
    tokio::task::spawn_blocking(move || {
        // As a task of the runtime: each time when it is woken, what is polled by `block_on` itself calls the kernel.
        let ended = own.block_on(own.spawn(sending));
        // A host that is still being looked up is not waited for, nor is a body that is being compressed.
        own.shutdown_background();
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    })
}

/// Waits for stages of their own task, and says how they ended.
async fn end_of(stages: JoinHandle<()>) -> Result<(), String> {
    stages.await.map_err(|error| error.to_string())
}

/// Runs stages in the committer's task, and says how they ended: what they report wakes no other thread.
async fn in_this_task(stages: impl Future<Output = ()>) -> Result<(), String> {
    AssertUnwindSafe(stages).catch_unwind().await.map_err(|_| "it panicked".to_owned())
}

/// The ledger with how the stages ended. The committer ends when they do: nothing else is left of them.
fn with_end(mut ledger: Ledger, stages_end: Result<(), String>, step_end: usize) -> Ledger {
    if let Err(error) = stages_end {
        ledger.stopped.get_or_insert(StopReason::Internal(format!("a stage failed: {error}")));
    } else if ledger.stopped.is_none() && !ledger.is_complete_up_to(step_end) {
        ledger.stopped = Some(StopReason::Internal("the run ended before its input did".to_owned()));
    }
    ledger
}
