//! The steps of an import, one behind the other: each is one run of the pipeline, in the one journal of the run.

mod ids_at_target;

use std::sync::Arc;

use ids_at_target::IdsAtTarget;

use crate::command::import::cleared_run::ClearedRun;
use crate::command::shared::reading::first_pass::FirstPass;
use crate::command::shared::reading::intake::intake;
use crate::command::shared::reading::read_subject::ReadSubject;
use crate::command::shared::target::id_maps::{keep_learned_ids, with_id_map};
use crate::command::shared::terminal::progress::reporter_with_metrics;
use crate::delivery::DeliveryTerms;
use crate::destination::{Destination, RunMark};
use crate::id_map::IdLookup;
use crate::journal::{Journal, Progress, RejectedPlaces};
use crate::kind::Kind;
use crate::mapping::TargetIds;
use crate::outcomes::{Ledger, StopReason};
use crate::pipeline::{self, ConfirmedBefore, ImportRun, Intake, Job, Mode, Ran, Sending};
use crate::recognition::UnchangedRecords;
use crate::report::{Timeline, TimelineMoment};
use crate::settings::ImportSettings;
use crate::signal::Signals;
use crate::steps::Step;

/// How the steps of an import run.
pub(super) struct Steps<'a> {
    pub settings: &'a ImportSettings,
    /// What the target is called.
    pub target: &'a str,
    pub destination: &'a dyn Destination,
    /// How users are sent. The records of the other steps are sent like that, too, but to other destinations.
    pub delivery_of_users: DeliveryTerms,
    /// What is known of the inputs.
    pub first_pass: &'a FirstPass,
    /// Where the map of the target's ids ended when this part of the run began: what lies behind was learned from the target since.
    pub id_map_end_before: u64,
}

/// What a step knows of ids at the target.
struct StepIds {
    /// Of those whom the records themselves are about.
    of_records: Option<Arc<IdLookup>>,
    /// Of those to whom a record refers.
    of_references: Option<Arc<dyn TargetIds>>,
}

impl Steps<'_> {
    /// Runs all steps that are not done yet, until one of them is stopped.
    pub(super) async fn run(
        &self,
        subject: ReadSubject<'_>,
        ClearedRun { import_run, mut confirmed, ids, .. }: ClearedRun,
        signals: &mut Signals,
    ) -> (Ran, Vec<TimelineMoment>) {
        let mut moments = Vec::new();
        let ImportRun { journal, progress, mut ledger, duplicates } = import_run;
        // Each step keeps the users up to date and gives them back; all look up what was confirmed before the first one.
        let lookup = confirmed.as_ref().and_then(|before| before.lookup.clone());
        let (mut journal, ids) = (Some(journal), ids.map(Arc::new));
        let plan = subject.reading.plan();
        // A key that may not do what a later step needs is found out before the first user is sent.
        let deliveries = signals.unless_one_comes(self.deliveries(plan.steps())).await;
        let deliveries = match deliveries.unwrap_or_else(|signal| Err(StopReason::Interrupted(signal))) {
            Ok(deliveries) => deliveries,
            Err(reason) => return (stopped(ledger, journal, confirmed, reason), moments),
        };
        for (index, (step, delivery)) in plan.steps().iter().zip(deliveries).enumerate() {
            let Some(open) = journal.take() else { break };
            let step_ids = match self.step_ids(step.kind, ids.clone(), &open).await {
                Ok(step_ids) => step_ids,
                Err(reason) => return (stopped(ledger, Some(open), confirmed, reason), moments),
            };
            let step_run = ImportRun {
                journal: open,
                progress: Progress::clone(&progress),
                ledger,
                duplicates: duplicates.clone(),
            };
            let (destination, mark) = (Arc::clone(&delivery.destination), delivery.mark.clone());
            let sending = self.sending(step.kind, delivery, confirmed.take(), step_ids.of_records);
            let intake = self.intake(&subject, step, step_ids.of_references.as_ref());
            let job = Job { intake, mode: Mode::Import(Box::new(step_run), Box::new(sending)) };
            let mut reporter = reporter_with_metrics(subject.output, &subject.reading.inputs);
            tracing::info!("step {} of {}: {step}", index + 1, plan.steps().len());
            let mut timeline = Timeline::new(reporter.as_mut(), moments);
            let ran = pipeline::run(job, &mut timeline, signals).await;
            log_reused(self.first_pass.unchanged_records().as_deref());
            moments = timeline.into_moments();
            (ledger, journal) = (ran.ledger, ran.journal);
            confirmed = ran.confirmed.map(|users| ConfirmedBefore { users, lookup: lookup.clone() });
            if ledger.stopped.is_some() {
                break;
            }
            let forgetting = signals.unless_one_comes(forget_run(destination.as_ref(), mark.as_ref()));
            ledger.stopped = forgetting.await.unwrap_or_else(|signal| Some(StopReason::Interrupted(signal)));
        }
        (Ran { ledger, journal, confirmed: confirmed.map(|before| before.users) }, moments)
    }

    /// What a step reads.
    fn intake(&self, subject: &ReadSubject<'_>, step: &Step, of_references: Option<&Arc<dyn TargetIds>>) -> Intake {
        intake(subject.reading, subject.records, Some(subject.joined), of_references, self.first_pass.watch())
            .with_shard_blocks(self.first_pass.shard_blocks())
            .of_inputs(step.inputs.clone())
    }

    /// How a step sends, and what it knows before it does.
    fn sending(
        &self,
        kind: Kind,
        delivery: DeliveryTerms,
        confirmed: Option<ConfirmedBefore>,
        of_records: Option<Arc<IdLookup>>,
    ) -> Sending {
        Sending {
            delivery,
            confirmed,
            unchanged_records: self.first_pass.unchanged_records(),
            // A membership never had another external id than now; the others can have had one.
            ids: of_records.filter(|_| matches!(kind, Kind::User | Kind::Organization | Kind::RoleTuple)),
            max_errors: self.settings.limits.max_errors,
            predicted_rejects: self.first_pass.prediction().map_or(0, |prediction| prediction.rejects),
        }
    }

    /// What is known of ids before a step: `before` is what earlier runs learned.
    async fn step_ids(
        &self,
        kind: Kind,
        before: Option<Arc<IdLookup>>,
        journal: &Journal,
    ) -> Result<StepIds, StopReason> {
        if kind == Kind::User {
            return Ok(StepIds { of_records: before, of_references: None });
        }
        // Without the ids of those to whom it refers, nothing of a later step is sent.
        let learned = Arc::new(self.learned().await.map_err(StopReason::IdMap)?);
        let of_references = if kind.refers_to_others() {
            Some(read_ids_at_target(&learned, journal).await.map_err(StopReason::Temporary)?)
        } else {
            None
        };
        Ok(StepIds { of_records: Some(learned), of_references })
    }

    /// What is known of the target's ids, with all that the steps before have learned.
    async fn learned(&self) -> std::io::Result<IdLookup> {
        let runs = &self.settings.runs_directory;
        keep_learned_ids(runs, self.target).await;
        Ok(with_id_map(runs, self.target, |map| map.lookup()).await?.proven_from(self.id_map_end_before))
    }

    /// How the records of all steps are sent, each by its [`delivery_of`](Self::delivery_of).
    async fn deliveries(&self, steps: &[Step]) -> Result<Vec<DeliveryTerms>, StopReason> {
        let mut deliveries = Vec::with_capacity(steps.len());
        for step in steps {
            deliveries.push(self.delivery_of(step).await?);
        }
        Ok(deliveries)
    }

    /// How the records of a step are sent: to the part of the destination that has their kind.
    async fn delivery_of(&self, step: &Step) -> Result<DeliveryTerms, StopReason> {
        if step.kind == Kind::User {
            return Ok(self.delivery_of_users.clone());
        }
        let for_kind = self.destination.of_kind(step.kind, &self.settings.reading.rules.tuples).await;
        let Some(destination) = for_kind.map_err(StopReason::Target)? else {
            let kinds = step.kind.plural();
            let message = format!("the target has no place for {kinds}; name the other ones in --steps");
            return Err(StopReason::Temporary(std::io::Error::other(message)));
        };
        Ok(DeliveryTerms { destination, ..self.delivery_of_users.clone() })
    }
}

/// Has the destination forget what helps to find out the outcomes of a step, which are all in the journal now. Returns why that failed,
/// if it did.
async fn forget_run(destination: &dyn Destination, mark: Option<&RunMark>) -> Option<StopReason> {
    destination.forget_run(mark?).await.err().map(StopReason::Target)
}

/// What is known of those to whom the records of a step refer, and where those stand that the steps before rejected.
async fn read_ids_at_target(ids: &Arc<IdLookup>, journal: &Journal) -> std::io::Result<Arc<dyn TargetIds>> {
    let (ids, files) = (Arc::clone(ids), journal.rejects_files());
    let reading = tokio::task::spawn_blocking(move || {
        RejectedPlaces::read(&files).map(|rejected| Arc::new(IdsAtTarget::new(ids, rejected)) as Arc<dyn TargetIds>)
    });
    reading.await.map_err(std::io::Error::other)?
}

/// Logs how much work the first pass saved.
fn log_reused(unchanged: Option<&UnchangedRecords>) {
    if let Some(unchanged) = unchanged {
        let counts = unchanged.counts();
        tracing::info!(records = counts.reused, "unchanged since the first pass, and not mapped a second time");
        tracing::info!(records = counts.passed_over, "of these not read a second time");
    }
}

/// A run that ends between two steps.
fn stopped(
    mut ledger: Ledger,
    journal: Option<Journal>,
    confirmed: Option<ConfirmedBefore>,
    reason: StopReason,
) -> Ran {
    ledger.stopped.get_or_insert(reason);
    Ran { ledger, journal, confirmed: confirmed.map(|before| before.users) }
}
