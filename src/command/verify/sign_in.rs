//! `avnology migrate clerk verify --sign-in`: test accounts sign in at the target.

mod ask_accounts;

use std::io;
use std::path::Path;

use super::super::shared::command_error::CommandError;
use super::super::shared::target::{Target, sign_ins, with_target};
use super::super::shared::terminal::consent::is_somebody_there;
use super::super::shared::terminal::output::write_named_report;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::report::print_json;
use crate::settings::SignInSettings;
use crate::signal::Signals;
use crate::verify::{TestAccounts, try_accounts};
use ask_accounts::ask_accounts;

/// Tries to sign in with each account and reports. The exit status is 0 only if each did what it should.
pub async fn sign_in(settings: SignInSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let accounts = accounts(&settings.accounts, &mut signals).await?;
    with_target(&settings.target, async |target| sign_in_at(target, &settings, &accounts, signals).await).await
}

/// The list: of a file, of standard input, or of a person at the terminal.
async fn accounts(path: &Path, signals: &mut Signals) -> Result<TestAccounts, CommandError> {
    if path != Path::new("-") {
        return Ok(TestAccounts::open(path)?);
    }
    if is_somebody_there() {
        return ask_accounts(signals).await;
    }
    Ok(TestAccounts::read("standard input", io::stdin().lock())?)
}

async fn sign_in_at(
    target: Target,
    settings: &SignInSettings,
    accounts: &TestAccounts,
    mut signals: Signals,
) -> Result<ExitStatus, CommandError> {
    let SignInSettings { kratos_public, connection, output, .. } = settings;
    let name = kratos_public.as_ref().map_or_else(|| target.base_url.to_string(), |(url, _)| url.to_string());
    let sign_ins = sign_ins(&target, connection, kratos_public.as_ref())?;
    let account = try_accounts(accounts, sign_ins.as_ref(), &mut signals).await;
    let report = account.report(&name);
    let written = write_named_report(output, &report);
    let printed = if output.format == OutputFormat::Json { print_json(&report) } else { Ok(()) };
    output.console.account(|out| account.write_summary(out), &report, account.exceptions().as_deref());
    if let Some(reason) = account.reason() {
        output.console.error(&reason);
    }
    let ended = account.exit_status();
    printed.map_err(CommandError::from).and(written).map_err(|error| error.of_job(ended))?;
    Ok(ended)
}
