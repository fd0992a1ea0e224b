//! The phase in which an import sends: things are made at the target from here on. What it makes first is the organization, then the
//! records of each step, and last it carries out what is to be done about users who are missing.

mod steps;

use std::sync::Arc;

use steps::Steps;

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::read_subject::ReadSubject;
use super::super::shared::target::home_organization::into_organization;
use super::clearance::BeforeSending;
use super::cleared_run::ClearedRun;
use super::ended_import::EndedImport;
use super::known_records_file;
use super::run_and_target::RunAndTarget;
use crate::delivery::DeliveryTerms;
use crate::destination::RunMark;
use crate::id_map::IdLookup;
use crate::pipeline::delivery_memory;
use crate::signal::Signals;

/// Sends what was found clear before. What is to be done about missing users is done at the end, if no step was stopped.
pub(super) async fn send(
    run_and_target: RunAndTarget<'_>,
    subject: ReadSubject<'_>,
    BeforeSending { first_pass, missing }: &mut BeforeSending<'_>,
    mut cleared: ClearedRun,
    signals: &mut Signals,
) -> Result<EndedImport, CommandError> {
    let RunAndTarget { settings, target, destination, run } = run_and_target;
    let steps = Steps {
        settings,
        target: &target.name,
        destination: destination.as_ref(),
        delivery_of_users: delivery_of_users(run_and_target),
        first_pass,
        id_map_end_before: cleared.ids.as_ref().map_or(Ok(0), IdLookup::end).unwrap_or(u64::MAX),
    };
    let reading = &into_organization(target, settings, (run, cleared.home.take()), signals).await?;
    let subject = ReadSubject { reading, ..subject };
    let (mut ran, timeline) = steps.run(subject, cleared, signals).await;
    let mut confirmed = ran.confirmed.take();
    let mut ended = EndedImport::of(ran, timeline, subject, first_pass, run_and_target);
    // The last step: whom the import has just created or found is not missing.
    if let (Some(missing), None) = (missing, &ended.ledger.stopped) {
        let carried_out = missing.carry_out(settings, destination.as_ref(), &mut confirmed, signals).await;
        ended.ledger.stopped = carried_out.err();
    }
    // It holds what is known of the target now, so it is written when nothing is added to that any more.
    known_records_file::write_for_next_night(confirmed, &ended.ledger, first_pass, subject).await;
    Ok(ended)
}

fn delivery_of_users(RunAndTarget { settings, destination, run, .. }: RunAndTarget<'_>) -> DeliveryTerms {
    let record = &run.record;
    DeliveryTerms {
        destination: Arc::clone(destination),
        memory: delivery_memory(&settings.connection.pace),
        on_existing: settings.on_existing,
        run_id: record.id.clone(),
        mark: record.marked.then(|| RunMark::of(&record.id)),
    }
}
