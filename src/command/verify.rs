//! `avnology migrate clerk verify`: preflight, comparison, report.

use super::first_pass::{FirstPass, first_pass};
use super::import_error::ImportError;
use super::objects::probe_objects;
use super::output::{without_records, write_report};
use super::passwords;
use super::prepare::look_at_inputs;
use super::prepare_error::PrepareError;
use super::progress::{reporter_with_metrics, start_metrics};
use super::target::{Target, at_target, connect};
use crate::account::StopReason;
use crate::avnology::{AdminCalls, preflight_reading};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::pace::Pace;
use crate::report::{StdoutError, print_json};
use crate::settings::ImportSettings;
use crate::signal::Signals;
use crate::verify::{Account, run};

/// Compares the target with an export and reports. The exit status is 0 only if all agrees.
pub async fn verify(settings: ImportSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    at_target(&settings, async |target| verify_target(target, &settings, signals).await).await
}

async fn verify_target(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, ImportError> {
    look_at_inputs(settings)?;
    start_metrics(settings, None);
    probe_objects(settings, &mut signals).await?;
    let name = target.base_url.to_string();
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight_reading).await?;
    let target = AdminCalls::new(client, capabilities.batch, Pace::new(&settings.pace), settings.retry);
    let mut settings = passwords::read(settings, &mut signals).await?;
    let looked = first_pass(&settings, None, &mut signals).await;
    let FirstPass { duplicates, watch, prediction } = looked.map_err(|error| match error {
        ImportError::Prepare(PrepareError::Source(error)) => ImportError::NotCompared(error),
        other => other,
    })?;
    settings.intake.watch = watch;
    let settings = &settings;
    let (found, least) = (prediction.and_then(|prediction| prediction.records), settings.min_records);
    if let (Some(found), Some(least)) = (found, least)
        && found < least
    {
        return Err(StopReason::TooFewRecords { found, least }.into());
    }
    let mut account = run(settings, duplicates, target, reporter_with_metrics(settings).as_mut(), signals).await;
    account.ledger.require_records(least);
    if let Some(path) = &settings.report {
        let written = write_report(path, &account.report(&name));
        written.map_err(|source| ImportError::Write { path: path.clone(), source })?;
    }
    print(&account, &name, settings)?;
    Ok(account.exit_status())
}

fn print(account: &Account, target: &str, settings: &ImportSettings) -> Result<(), StdoutError> {
    let printed = if settings.output == OutputFormat::Json { print_json(&account.report(target)) } else { Ok(()) };
    let empty = without_records(&account.ledger);
    let exceptions = [account.exceptions(), empty].into_iter().flatten().reduce(|one, other| format!("{one}; {other}"));
    settings.console.account(|out| account.write_summary(out), &account.report(target), exceptions.as_deref());
    if let Some(reason) = account.reason() {
        settings.console.error(&reason);
    }
    printed
}
