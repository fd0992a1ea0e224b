//! `avnology migrate clerk --import … --dry-run --check-target`: a dry run that also reads what is at the target, and asks it to
//! check who is new.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::fetched_records::read_for_now;
use super::super::shared::reading::first_pass::FirstPass;
use super::super::shared::reading::forecast::{forecast, log_plan, selection_report};
use super::super::shared::reading::intake::intake;
use super::super::shared::reading::joined::{JoinReports, JoinedFiles};
use super::super::shared::reading::look_at_inputs::{fix_object_versions, look_at_inputs, note_deleted};
use super::super::shared::reading::read_subject::ReadSubject;
use super::super::shared::reading::selecting::records_of;
use super::super::shared::target::home_organization::organization_of_rehearsal;
use super::super::shared::target::{ConnectPurpose, Target, connect};
use super::super::shared::terminal::output::Output;
use super::super::shared::terminal::progress::{reporter_with_metrics, start_metrics, while_listing};
use crate::avnology::KeyKind;
use crate::command::shared::reading::search_for_missing::{SearchForMissingUsers, account, reason_to_withhold};
use crate::destination::{Destination, Envelope, TargetError, Validates};
use crate::exit::ExitStatus;
use crate::outcomes::{AtTarget, StopReason, Validation};
use crate::pace::PaceRules;
use crate::rehearsal::{self, CheckRules, FindingsFile, Home, RehearsalJob, TargetPeople};
use crate::report::RunDetails;
use crate::settings::{CheckSettings, DryRunSettings, OutputSettings};
use crate::signal::Signals;
use crate::source::SumKind;

/// The scope that creating users needs.
const WRITE: &str = "admin:users:write";

/// Does a dry run at the target and reports.
pub(in crate::command) async fn check_target(
    target: Target,
    settings: &DryRunSettings,
    check: &CheckSettings,
    mut signals: Signals,
) -> Result<ExitStatus, CommandError> {
    let DryRunSettings { reading, from_clerk, output, preview, max_errors, min_records, connection, .. } = settings;
    let _users = read_for_now(from_clerk.as_ref(), &mut signals).await?;
    look_at_inputs(reading)?;
    start_metrics(output, None);
    fix_object_versions(reading, &mut signals).await?;
    log_plan(reading);
    let (name, key) = (target.name.clone(), target.key_kind());
    let destination = connect(&target, connection, ConnectPurpose::Rehearsal(&reading.rules), &mut signals).await?;
    let wanted = (connection, check.create_organization);
    let (reading, home) = &organization_of_rehearsal(&target, reading, wanted, &mut signals).await?;
    if *home == Home::New {
        output.console.note("The organization is not there: the import would make it.");
    }
    note_deleted(reading, output.console);
    let records = records_of(reading, output.console, &mut signals).await?;
    let joined = JoinedFiles::read(reading, SumKind::default(), output, &mut signals).await?;
    let subject = ReadSubject { reading, records: &records, joined: &joined, remembered: None, output, strict: false };
    let first = FirstPass::of_comparison(subject, &mut signals).await?;
    let (people, known) = look_at_target(destination.as_ref(), output, &mut signals).await?;
    let known = AtTarget { on_existing: check.on_existing.as_str(), key: key.map(KeyKind::as_str), ..known };
    let job = RehearsalJob {
        intake: intake(reading, &records, Some(&joined), None, first.watch()),
        duplicates: first.duplicates().cloned(),
        target: Arc::clone(&destination),
        people,
        home: home.clone(),
        rules: check_rules(check, &connection.pace, &destination.envelope()),
        known,
        preview: *preview,
        max_errors: *max_errors,
        findings: check.findings.as_deref().map(findings_file).transpose()?,
    };
    let mut reporter = reporter_with_metrics(output, &reading.inputs);
    let mut ledger = rehearsal::run(job, reporter.as_mut(), &mut signals).await;
    ledger.require_records(*min_records);
    if let Some(found) = first.duplicates() {
        ledger.name_sharing(found, &records).map_err(StopReason::Temporary)?;
    }
    let search = SearchForMissingUsers { runs: &settings.runs_directory, target: &name, run: None };
    let missing = match settings.missing {
        None => None,
        Some(rules) => search.find(subject, &first.watch(), &mut signals).await?.map(|found| (rules, found)),
    };
    let withheld = missing.as_ref().and_then(|(rules, found)| reason_to_withhold(*rules, found));
    ledger.stopped = ledger.stopped.or(withheld);
    let JoinReports { passwords, memberships } = joined.close(ledger.stopped.is_none())?;
    let forecast = forecast(&ledger, &connection.pace, reading.most_of_request);
    let details = RunDetails {
        passwords,
        memberships,
        forecast,
        selection: selection_report(reading, &records),
        missing: missing.map(|(rules, found)| account(rules, &found)),
        target: Some(name),
        ..RunDetails::default()
    };
    let given = Output::of(output).report(&ledger, &details, None);
    given.map_err(|error| error.of_job(ExitStatus::of(&ledger)))
}

/// Reads who is at the target.
async fn look_at_target(
    destination: &dyn Destination,
    output: &OutputSettings,
    signals: &mut Signals,
) -> Result<(TargetPeople, AtTarget), CommandError> {
    output.console.note("Reading who is at the target …");
    let seen = Cell::new(0);
    let (people, validation) = tokio::select! {
        known = known_before(destination, &seen) => known?,
        signal = signals.next() => return Err(CommandError::Interrupted(signal)),
        never = while_listing(output.progress, &seen) => match never {},
    };
    let missing_scopes = if validation == Validation::NotPermitted { vec![WRITE] } else { Vec::new() };
    Ok((people, AtTarget { identities: seen.get(), validation, missing_scopes, ..AtTarget::default() }))
}

fn findings_file(path: &Path) -> Result<FindingsFile, CommandError> {
    FindingsFile::create(path).map_err(|source| CommandError::Write { path: path.to_path_buf(), source })
}

/// How the target is asked to check who is new.
fn check_rules(check: &CheckSettings, pace: &PaceRules, envelope: &Envelope) -> CheckRules {
    CheckRules {
        on_existing: check.on_existing,
        concurrency: pace.concurrency.start.max(1),
        items: pace.items.min(envelope.items),
        bytes: pace.bytes.min(envelope.bytes),
    }
}

/// Who is at the target, and whether it can be asked to check those who are new.
async fn known_before(target: &dyn Destination, seen: &Cell<u64>) -> Result<(TargetPeople, Validation), TargetError> {
    let validation = match target.validates().await? {
        Validates::Yes => Validation::Done,
        Validates::NotPermitted => Validation::NotPermitted,
        Validates::No => Validation::Unable,
    };
    Ok((TargetPeople::read(target, seen).await?, validation))
}
