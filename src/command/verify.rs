//! `avnology migrate clerk verify`: preflight, comparison, report.

use std::cell::Cell;

use super::first_pass::{FirstPass, Subject};
use super::home_organization::of_organization;
use super::import_error::ImportError;
use super::inputs::{look_at_inputs, probe_objects};
use super::intake::intake;
use super::output::{without_records, write_report};
use super::passwords::JoinedPasswords;
use super::prepare_error::PrepareError;
use super::progress::{reporter_with_metrics, start_metrics, while_listing};
use super::selecting::records_of;
use super::target::{Target, Use, at_target, connect};
use crate::account::StopReason;
use crate::cli::OutputFormat;
use crate::destination::Catalogue;
use crate::exit::ExitStatus;
use crate::report::{StdoutError, print_json};
use crate::settings::{OutputSettings, VerifySettings};
use crate::signal::Signals;
use crate::verify::{Account, VerifyJob, run};

/// Compares the target with an export and reports. The exit status is 0 only if all agrees.
pub async fn verify(settings: VerifySettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    at_target(&settings.target, async |target| verify_target(target, &settings, signals).await).await
}

async fn verify_target(
    target: Target,
    settings: &VerifySettings,
    mut signals: Signals,
) -> Result<ExitStatus, ImportError> {
    let VerifySettings { reading, connection, output, .. } = settings;
    look_at_inputs(reading)?;
    start_metrics(output, None);
    probe_objects(reading, &mut signals).await?;
    let name = target.base_url.to_string();
    let destination = connect(&target, connection, Use::Existing, &mut signals).await?;
    let reading = &of_organization(&target, reading, connection, &mut signals).await?;
    let records = records_of(reading, output.console, &mut signals).await?;
    let passwords = JoinedPasswords::read(reading, output, &mut signals).await?;
    let subject = Subject { reading, records: &records, passwords: passwords.as_ref(), output, strict: false };
    let first = FirstPass::of_comparison(subject, &mut signals).await.map_err(|error| match error {
        ImportError::Prepare(PrepareError::Source(error)) => ImportError::NotCompared(error),
        other => other,
    })?;
    let found = first.prediction().and_then(|prediction| prediction.records);
    if let (Some(found), Some(least)) = (found, settings.min_records)
        && found < least
    {
        return Err(StopReason::TooFewRecords { found, least }.into());
    }
    let seen = Cell::new(0);
    let listing = async {
        match records.selected() {
            None => Catalogue::of(destination.as_ref(), &seen).await.map(Some),
            Some(_) => Ok(None),
        }
    };
    let catalogue = tokio::select! {
        catalogue = listing => catalogue?,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
        never = while_listing(output.progress, &seen) => match never {},
    };
    let job = VerifyJob {
        intake: intake(reading, &records, passwords.as_ref(), None, first.watch()),
        duplicates: first.duplicates().cloned(),
        target: destination,
        catalogue,
        organization: reading.rules.organization.clone(),
        concurrency: connection.pace.concurrency.start,
    };
    let mut reporter = reporter_with_metrics(output, &reading.inputs);
    let mut account = run(job, reporter.as_mut(), signals).await;
    account.ledger.require_records(settings.min_records);
    if let Some(path) = &output.report {
        let written = write_report(path, &account.report(&name));
        written.map_err(|source| ImportError::Write { path: path.clone(), source })?;
        output.report_place.written(path);
    }
    print(&account, &name, output)?;
    Ok(account.exit_status())
}

fn print(account: &Account, target: &str, output: &OutputSettings) -> Result<(), StdoutError> {
    let printed = if output.format == OutputFormat::Json { print_json(&account.report(target)) } else { Ok(()) };
    let empty = without_records(&account.ledger);
    let exceptions = [account.exceptions(), empty].into_iter().flatten().reduce(|one, other| format!("{one}; {other}"));
    output.console.account(|out| account.write_summary(out), &account.report(target), exceptions.as_deref());
    if let Some(reason) = account.reason() {
        output.console.error(&reason);
    }
    printed
}
