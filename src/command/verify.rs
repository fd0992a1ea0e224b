//! `avnology migrate clerk verify`: preflight, comparison, report.

pub(super) mod sign_in;
mod verification_in_run;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::shared::command_error::CommandError;
use super::shared::in_background::in_background;
use super::shared::reading::fetched_records::read_for_now;
use super::shared::reading::first_pass::FirstPass;
use super::shared::reading::inline_memberships_file::{PassingFile, with_inline_memberships};
use super::shared::reading::intake::intake;
use super::shared::reading::joined::JoinedFiles;
use super::shared::reading::look_at_inputs::{fix_object_versions, look_at_inputs};
use super::shared::reading::read_subject::ReadSubject;
use super::shared::reading::selecting::records_of;
use super::shared::target::home_organization::of_organization;
use super::shared::target::{ConnectPurpose, Target, connect, with_target};
use super::shared::terminal::output::{without_records, write_named_report};
use super::shared::terminal::progress::{reporter_with_metrics, start_metrics, while_listing};
use crate::cli::OutputFormat;
use crate::destination::{Catalogue, Destination, TargetError};
use crate::exit::ExitStatus;
use crate::kind::Kind;
use crate::mapping::TargetIds;
use crate::outcomes::StopReason;
use crate::report::{StdoutError, print_json};
use crate::selection::RecordsOfRun;
use crate::settings::{OutputSettings, ReadingSettings, VerifySettings};
use crate::signal::Signals;
use crate::source::SumKind;
use crate::verify::{ListedIds, Ownership, VerifyAccount, VerifyJob, VerifyReport, run};
use verification_in_run::{ComparedRecords, note_verification};

/// Compares the target with an export and reports. The exit status is 0 only if all agrees.
pub async fn verify(settings: VerifySettings, signals: Signals) -> Result<ExitStatus, CommandError> {
    with_target(&settings.target, async |target| verify_target(target, &settings, signals).await).await
}

async fn verify_target(
    target: Target,
    settings: &VerifySettings,
    mut signals: Signals,
) -> Result<ExitStatus, CommandError> {
    let VerifySettings { reading, from_clerk, connection, output, .. } = settings;
    let from_clerk = read_for_now(from_clerk.as_ref(), &mut signals).await?;
    let of_clerk = from_clerk.as_ref().map(|records| records.those_of(reading)).transpose()?;
    let reading = of_clerk.as_ref().unwrap_or(reading);
    look_at_inputs(reading)?;
    start_metrics(output, None);
    let passing = PassingFile::new()?;
    let reading = &with_inline_memberships(reading, passing.directory(), &mut signals).await?;
    fix_object_versions(reading, &mut signals).await?;
    let (name, recorded_name) = (target.base_url.to_string(), target.name.clone());
    let destination = connect(&target, connection, ConnectPurpose::Existing, &mut signals).await?;
    let reading = &of_organization(&target, reading, connection, &mut signals).await?;
    let records = records_of(reading, output.console, &mut signals).await?;
    let joined = JoinedFiles::read(reading, SumKind::default(), output, &mut signals).await?;
    let subject = ReadSubject { reading, records: &records, joined: &joined, remembered: None, output, strict: false };
    let first = FirstPass::of_comparison(subject, &mut signals).await?;
    let found = first.prediction().and_then(|prediction| prediction.records);
    if let (Some(found), Some(least)) = (found, settings.min_records)
        && found < least
    {
        return Err(StopReason::TooFewRecords { found, least }.into());
    }
    let compared = Compared { target: &name, destination, reading, records: &records, joined: &joined };
    let found = compared.steps(&first, settings, &mut signals).await?;
    // Of an export that ended early the result is no account of all.
    if let (Some(known), true) = (first.inputs(), found.is_whole()) {
        let compared = ComparedRecords::new(recorded_name, reading, known);
        add_to_run(compared, serde_json::to_value(found.report(&name)), settings, &mut signals).await;
    }
    give(&found, &name, output).map_err(|error| error.of_job(found.exit_status()))?;
    Ok(found.exit_status())
}

/// Gives the account, whether or not the report can be written.
fn give(found: &Found, target: &str, output: &OutputSettings) -> Result<(), CommandError> {
    let written = write_named_report(output, &found.report(target));
    print(found, target, output)?;
    written
}

/// Adds what was found to the report of the run that took the same records. The comparison is none the worse if that fails.
async fn add_to_run(
    compared: ComparedRecords,
    result: serde_json::Result<Value>,
    settings: &VerifySettings,
    signals: &mut Signals,
) {
    let runs = settings.runs_directory.clone();
    let noting = in_background("keeping the result", signals, move |stop| {
        note_verification(&runs, &compared, result?, || stop.is_cancelled())
    });
    let noted = noting.await.map_err(|error| error.to_string());
    match noted.and_then(|noted| noted.map_err(|error| error.to_string())) {
        Ok(None) => {}
        Ok(Some(run)) => settings.output.console.note(&format!(
            "The report of run {run} does not get this result: the run did not take the same users of this export."
        )),
        Err(error) => tracing::warn!(%error, "the report of the run does not have the result"),
    }
}

/// What is compared with the target.
struct Compared<'a> {
    target: &'a str,
    destination: Arc<dyn Destination>,
    reading: &'a ReadingSettings,
    records: &'a RecordsOfRun,
    joined: &'a JoinedFiles,
}

impl Compared<'_> {
    /// Compares the records of each step, until one of them is stopped.
    async fn steps(
        &self,
        first: &FirstPass,
        settings: &VerifySettings,
        signals: &mut Signals,
    ) -> Result<Found, CommandError> {
        let Self { target, destination, reading, records, joined } = self;
        let VerifySettings { connection, output, .. } = settings;
        let mut found = Found { users: None, others: Vec::new() };
        let (mut ids, mut runs) = (ListedIds::default(), BTreeSet::new());
        for step in reading.plan().steps() {
            let part = match step.kind {
                Kind::User => Arc::clone(destination),
                kind => {
                    let looking = signals.unless_one_comes(destination.reading_of_kind(kind, &reading.rules.tuples));
                    let part = looking.await.map_err(CommandError::Interrupted)??;
                    part.ok_or_else(|| no_place(target, kind))?
                }
            };
            let list = list_of(part.as_ref(), records, output, signals).await?.map(Arc::new);
            let of_target: Arc<dyn TargetIds> = Arc::new(ids.clone());
            let intake = intake(reading, records, Some(joined), Some(&of_target), first.watch());
            let intake = intake.of_inputs(step.inputs.clone());
            let job = VerifyJob {
                intake,
                duplicates: first.duplicates().cloned(),
                target: part,
                catalogue: list.clone(),
                ownership: Ownership {
                    kind: step.kind,
                    organization: reading.rules.organization.clone(),
                    organizations: ids.list(Kind::Organization),
                    runs: runs.clone(),
                },
                concurrency: connection.pace.concurrency.start,
            };
            let mut reporter = reporter_with_metrics(output, &reading.inputs);
            let mut account = run(job, reporter.as_mut(), signals).await;
            account.ledger.inputs = account.ledger.inputs.drain(step.inputs.clone()).collect();
            runs.extend(account.runs.iter().cloned());
            if let Some(list) = list {
                ids.add(step.kind, list);
            }
            let is_stopped = account.ledger.stopped.is_some();
            if step.kind == Kind::User {
                account.ledger.require_records(settings.min_records);
                found.users = Some(account);
            } else {
                found.others.push((step.kind, account));
            }
            if is_stopped {
                break;
            }
        }
        Ok(found)
    }
}

/// All that is at the target, unless users are selected: nobody else can be called extra then, and the whole list would be too
/// much to ask for.
async fn list_of(
    part: &dyn Destination,
    records: &RecordsOfRun,
    output: &OutputSettings,
    signals: &mut Signals,
) -> Result<Option<Catalogue>, CommandError> {
    if records.selected().is_some() {
        return Ok(None);
    }
    let seen = Cell::new(0);
    tokio::select! {
        catalogue = Catalogue::of(part, &seen) => Ok(Some(catalogue?)),
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
        never = while_listing(output.progress, &seen) => match never {},
    }
}

fn no_place(target: &str, kind: Kind) -> TargetError {
    let reason = format!("it has no place for {}", kind.plural());
    TargetError::Refused { target: target.to_owned(), reason, advice: "name the other kinds in --steps" }
}

/// What was found, of each kind that was compared.
struct Found {
    users: Option<VerifyAccount>,
    others: Vec<(Kind, VerifyAccount)>,
}

/// The findings for programs: those of the users, and beside them those of each other kind.
#[derive(Serialize)]
struct FoundReport<'a> {
    #[serde(flatten)]
    users: Option<VerifyReport<'a>>,
    #[serde(flatten)]
    without_users: Option<ReportWithoutUsers<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    kinds: BTreeMap<&'static str, VerifyReport<'a>>,
}

/// What a report says of all kinds, if users were not compared.
#[derive(Serialize)]
struct ReportWithoutUsers<'a> {
    tool: &'static str,
    version: &'static str,
    target: &'a str,
    status: &'static str,
    exit_code: u8,
}

impl Found {
    fn accounts(&self) -> impl Iterator<Item = (Kind, &VerifyAccount)> {
        let users = self.users.iter().map(|account| (Kind::User, account));
        users.chain(self.others.iter().map(|(kind, account)| (*kind, account)))
    }

    fn report<'a>(&'a self, target: &'a str) -> FoundReport<'a> {
        let users = self.users.as_ref().map(|users| users.report(target).of_all(self.exit_status()));
        let kinds = self.others.iter().map(|(kind, account)| (kind.plural(), account.report(target)));
        let without_users = self.users.is_none().then(|| ReportWithoutUsers {
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            target,
            status: if self.is_whole() { "finished" } else { "stopped" },
            exit_code: self.exit_status().code(),
        });
        FoundReport { users, without_users, kinds: kinds.collect() }
    }

    /// Whether all records of the export were compared.
    fn is_whole(&self) -> bool {
        self.accounts().all(|(_, account)| account.ledger.stopped.is_none())
    }

    /// Success only if all agrees.
    fn exit_status(&self) -> ExitStatus {
        let mut statuses = self.accounts().map(|(_, account)| account.exit_status());
        statuses.find(|status| *status != ExitStatus::Success).unwrap_or(ExitStatus::Success)
    }
}

fn print(found: &Found, target: &str, output: &OutputSettings) -> Result<(), StdoutError> {
    let report = found.report(target);
    let printed = if output.format == OutputFormat::Json { print_json(&report) } else { Ok(()) };
    let exceptions = found.accounts().flat_map(|(kind, account)| {
        let of_kind = move |what: String| if kind == Kind::User { what } else { format!("{}: {what}", kind.plural()) };
        [account.exceptions(), without_records(&account.ledger)].into_iter().flatten().map(of_kind)
    });
    let exceptions = exceptions.reduce(|one, other| format!("{one}; {other}"));
    let summary = |out: &mut String| {
        found.accounts().try_for_each(|(kind, account)| {
            if kind != Kind::User {
                writeln!(out, "\nOf the {}:", kind.plural())?;
            }
            account.write_summary(out)
        })
    };
    output.console.account(summary, &report, exceptions.as_deref());
    for reason in found.accounts().filter_map(|(_, account)| account.reason()) {
        output.console.error(&reason);
    }
    printed
}
