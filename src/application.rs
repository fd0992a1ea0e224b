//! From the command line to an exit status.

use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::Parser;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{ClerkArguments, ClerkCommand, Cli, Command, MigrateArguments, Provider, RunsArguments, RunsCommand};
use crate::command::{self, ImportError};
use crate::exit::ExitStatus;
use crate::mapping::DEFAULT_MAPPING;
use crate::settings::{Environment, ImportSettings, SettingsError, runs_directory};
use crate::signal::{Signal, Signals};

/// Parses the command line and does what it says. Wrong usage ends the process here, with code 2 and a hint.
pub async fn run() -> ExitStatus {
    match Cli::parse().command {
        Command::Migrate(MigrateArguments { provider: Provider::Clerk(arguments) }) => migrate(*arguments).await,
        Command::Sandbox(arguments) => {
            log(0);
            let mut signals = match Signals::listen(leave) {
                Ok(signals) => signals,
                Err(error) => return fail(&error.into(), ExitStatus::Unexpected),
            };
            let shutdown = async move {
                signals.next().await;
            };
            match command::sandbox::run(arguments, shutdown).await {
                Ok(()) => ExitStatus::Success,
                Err(error) => fail(&error.into(), ExitStatus::Usage),
            }
        }
    }
}

async fn migrate(arguments: ClerkArguments) -> ExitStatus {
    let ClerkArguments { command, import, print_default_mapping } = arguments;
    if print_default_mapping {
        // A reader that went away is no reason to fail.
        drop(std::io::stdout().write_all(DEFAULT_MAPPING.as_bytes()));
        return ExitStatus::Success;
    }
    let verbosity = match &command {
        Some(ClerkCommand::Resume(resume)) => resume.options.verbose,
        Some(ClerkCommand::Verify(verify)) => verify.options.verbose,
        Some(ClerkCommand::Undo(undo)) => undo.options.verbose,
        Some(ClerkCommand::Runs(_)) => 0,
        None => import.options.verbose,
    };
    log(verbosity);
    let environment = match Environment::read(Path::new(".")) {
        Ok(environment) => environment,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    match command {
        None => run_with(ImportSettings::resolve(import, &environment), command::import).await,
        Some(ClerkCommand::Resume(resume)) => {
            run_with(ImportSettings::resolve_resume(resume, &environment), command::import).await
        }
        Some(ClerkCommand::Verify(verify)) => {
            run_with(ImportSettings::resolve_verify(*verify, &environment), command::verify).await
        }
        Some(ClerkCommand::Undo(undo)) => {
            run_with(ImportSettings::resolve_undo(undo, &environment), command::undo).await
        }
        Some(ClerkCommand::Runs(RunsArguments { command: Some(RunsCommand::Merge(merge)), .. })) => {
            let runs = runs_directory(merge.runs_dir.clone(), &environment).map_err(anyhow::Error::from);
            match runs.and_then(|runs| Ok(command::merge_runs(&merge, &runs)?)) {
                Ok(status) => status,
                Err(error) => fail(&error, ExitStatus::Usage),
            }
        }
        Some(ClerkCommand::Runs(RunsArguments { command: None, runs_dir, output })) => {
            let directory = runs_directory(runs_dir, &environment).map_err(anyhow::Error::from);
            match directory.and_then(|directory| Ok(command::list_runs(&directory, output)?)) {
                Ok(()) => ExitStatus::Success,
                Err(error) => fail(&error, ExitStatus::Usage),
            }
        }
    }
}

/// Runs a command that can be interrupted.
async fn run_with(
    settings: Result<ImportSettings, SettingsError>,
    command: impl AsyncFnOnce(ImportSettings, Signals) -> Result<ExitStatus, ImportError>,
) -> ExitStatus {
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    let signals = match Signals::listen(leave) {
        Ok(signals) => signals,
        Err(error) => return fail(&error.into(), ExitStatus::Unexpected),
    };
    match command(settings, signals).await {
        Ok(status) => status,
        Err(error) => {
            let status = error.exit_status();
            fail(&error.into(), status)
        }
    }
}

/// The third signal: the user does not want to wait for anything any more.
#[expect(clippy::exit, reason = "the third signal ends the process at once, whatever it is doing")]
fn leave(signal: Signal) {
    std::process::exit(i32::from(match signal {
        Signal::Interrupt => ExitStatus::Interrupted.code(),
        Signal::Terminate => ExitStatus::Terminated.code(),
    }));
}

/// Tells what went wrong, with its causes, and passes the status on.
pub fn fail(error: &anyhow::Error, status: ExitStatus) -> ExitStatus {
    let mut stderr = anstream::stderr().lock();
    // There is nowhere left to complain to when stderr is gone.
    drop(writeln!(stderr, "error: {error}"));
    for cause in error.chain().skip(1) {
        drop(writeln!(stderr, "  caused by: {cause}"));
    }
    status
}

/// Logs go to stderr. Only our own are shown: those of libraries could hold addresses.
fn log(verbosity: u8) {
    let level = match verbosity {
        0 => Level::WARN,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let no_color =
        std::io::stderr().is_terminal() && anstream::stderr().current_choice() != anstream::ColorChoice::Never;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(no_color).with_target(false);
    tracing_subscriber::registry().with(layer).with(Targets::new().with_target("avnology_migrate", level)).init();
}
