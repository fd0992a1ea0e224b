//! `avnology migrate clerk verify`: preflight, comparison, report.

use std::io::{self, Write};

use super::duplicates::{self, Searched};
use super::import_error::ImportError;
use super::objects;
use super::output::{without_records, write_report};
use super::passwords;
use super::progress::{begin, measured};
use super::target::{Target, at_target, connect};
use crate::avnology::{Paced, preflight_reading};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::pace::Pace;
use crate::pipeline::StopReason;
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
    begin(settings, None);
    objects::look(settings, &mut signals).await?;
    let name = target.base_url.to_string();
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight_reading).await?;
    let target = Paced::new(client, capabilities.batch, Pace::new(&settings.pace), settings.retry);
    let settings = &passwords::read(settings, &mut signals).await?;
    let Searched { duplicates, first_pass } = duplicates::check(settings, None, &mut signals).await?;
    let (found, least) = (first_pass.and_then(|first_pass| first_pass.records), settings.min_records);
    if let (Some(found), Some(least)) = (found, least)
        && found < least
    {
        return Err(StopReason::TooFewRecords { found, least }.into());
    }
    let mut account = run(settings, duplicates, target, measured(settings).as_mut(), signals).await;
    account.ledger.require_records(least);
    if let Some(path) = &settings.report {
        let written = write_report(path, &account.report(&name));
        written.map_err(|source| ImportError::Write { path: path.clone(), source })?;
    }
    // A reader that went away is no reason to fail: the work is done.
    drop(print(&account, &name, settings));
    Ok(account.exit_status())
}

fn print(account: &Account, target: &str, settings: &ImportSettings) -> io::Result<()> {
    if settings.output == OutputFormat::Json {
        let mut stdout = io::stdout().lock();
        serde_json::to_writer(&mut stdout, &account.report(target))?;
        writeln!(stdout)?;
    }
    let empty = without_records(&account.ledger);
    let exceptions = [account.exceptions(), empty].into_iter().flatten().reduce(|one, other| format!("{one}; {other}"));
    settings.console.account(|out| account.write_summary(out), &account.report(target), exceptions.as_deref());
    if let Some(reason) = &account.ledger.stopped {
        settings.console.error(&reason.to_string());
    }
    Ok(())
}
