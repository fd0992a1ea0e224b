//! From the command line to an exit status.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{
    ClerkArguments, ClerkCommand, Command, MigrateArguments, Provider, RunOptions, RunsArguments, RunsCommand,
};
use crate::command::{self, ImportError};
use crate::exit::ExitStatus;
use crate::mapping::DEFAULT_MAPPING;
use crate::report::{Console, LogFormat, MetricsFile, print_text};
use crate::settings::{
    CommandLineError, DEFAULT_CONFIG_FILE, Environment, ImportSettings, SettingsError, command_line, console, metrics,
    runs_directory,
};
use crate::signal::{Signal, Signals};

/// Parses the command line and does what it says. Wrong usage ends the process here, with code 2 and a hint.
pub async fn run() -> ExitStatus {
    let directory = Path::new(".");
    let environment = match Environment::read(directory) {
        Ok(environment) => environment,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match command_line(&arguments, directory, &environment) {
        Ok(cli) => cli,
        Err(CommandLineError::Typed(error)) => error.exit(),
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    match cli.command {
        Command::Migrate(MigrateArguments { provider: Provider::Clerk(arguments) }) => {
            Box::pin(migrate(*arguments, environment)).await
        }
        Command::Help(arguments) => match command::help(&arguments.words) {
            Ok(text) => print(&text),
            Err(error) => error.exit(),
        },
        Command::Sandbox(arguments) => {
            log(0, LogFormat::Text);
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

async fn migrate(arguments: ClerkArguments, environment: Environment) -> ExitStatus {
    if arguments.print_default_mapping {
        return print(DEFAULT_MAPPING);
    }
    if let Some(ClerkCommand::Codemod(codemod)) = &arguments.command {
        return command::codemod::run(codemod).unwrap_or_else(|error| {
            let status = error.exit_status();
            fail(&error.into(), status)
        });
    }
    let Some((options, job)) = job(&arguments) else {
        log(0, LogFormat::Text);
        let Some(ClerkCommand::Runs(runs)) = arguments.command else { return ExitStatus::Usage };
        return look_at_runs(runs, &environment).unwrap_or_else(|(error, status)| fail(&error, status));
    };
    log(options.verbose, options.log_format);
    let console = console(options);
    let fail = |error: &anyhow::Error, status| {
        console.error(&with_causes(error));
        status
    };
    let metrics = match metrics(options, job) {
        Ok(metrics) => metrics,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    let ended = Box::pin(run_job(arguments, &environment, metrics.clone())).await;
    let overwrites =
        matches!(&ended, Err((error, _)) if matches!(error.downcast_ref(), Some(SettingsError::Output(_))));
    let status = ended.unwrap_or_else(|(error, status)| fail(&error, status));
    // A metrics file that is something else, too, is left alone.
    if let Some(metrics) = metrics.filter(|_| !overwrites) {
        metrics.end(status);
    }
    status
}

fn print(text: &str) -> ExitStatus {
    print_text(text).map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}

/// What is run and how, as metrics call it; nothing if runs are only looked at.
fn job(arguments: &ClerkArguments) -> Option<(&RunOptions, &'static str)> {
    Some(match &arguments.command {
        None if arguments.import.dry_run => (&arguments.import.options, "dry-run"),
        None => (&arguments.import.options, "import"),
        Some(ClerkCommand::Resume(resume)) => (&resume.options, "import"),
        Some(ClerkCommand::Verify(verify)) => (&verify.options, "verify"),
        Some(ClerkCommand::Undo(undo)) => (&undo.options, "undo"),
        Some(ClerkCommand::Runs(_) | ClerkCommand::Codemod(_)) => return None,
    })
}

/// How a job ended that could not even begin, or not report.
type FailedJob = (anyhow::Error, ExitStatus);

async fn run_job(
    arguments: ClerkArguments,
    environment: &Environment,
    metrics: Option<Arc<MetricsFile>>,
) -> Result<ExitStatus, FailedJob> {
    let ClerkArguments { command, import, config, .. } = arguments;
    let mut configuration = environment.files();
    configuration.push(config.unwrap_or_else(|| DEFAULT_CONFIG_FILE.into()));
    let measured = |settings: Result<ImportSettings, SettingsError>| {
        let settings = ImportSettings { metrics, ..settings? };
        settings.check_outputs(&configuration)?;
        Ok(settings)
    };
    match command {
        None => run_with(measured(ImportSettings::resolve(import, environment)), command::import).await,
        Some(ClerkCommand::Resume(resume)) => {
            run_with(measured(ImportSettings::resolve_resume(resume, environment)), command::import).await
        }
        Some(ClerkCommand::Verify(verify)) => {
            run_with(measured(ImportSettings::resolve_verify(*verify, environment)), command::verify).await
        }
        Some(ClerkCommand::Undo(undo)) => {
            run_with(measured(ImportSettings::resolve_undo(undo, environment)), command::undo).await
        }
        Some(ClerkCommand::Runs(runs)) => look_at_runs(runs, environment),
        Some(ClerkCommand::Codemod(_)) => Ok(ExitStatus::Success),
    }
}

fn look_at_runs(arguments: RunsArguments, environment: &Environment) -> Result<ExitStatus, FailedJob> {
    let wrong = |error: SettingsError| (error.into(), ExitStatus::Usage);
    match arguments {
        RunsArguments { command: Some(RunsCommand::Merge(merge)), .. } => {
            let runs = runs_directory(merge.runs_dir.clone(), environment).map_err(wrong)?;
            command::merge_runs(&merge, &runs).map_err(|error| {
                let status = error.exit_status();
                (error.into(), status)
            })
        }
        RunsArguments { command: None, runs_dir, output } => {
            let runs = runs_directory(runs_dir, environment).map_err(wrong)?;
            let listed = command::list_runs(&runs, output);
            listed.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
    }
}

/// Runs a command that can be interrupted.
async fn run_with(
    settings: Result<ImportSettings, SettingsError>,
    command: impl AsyncFnOnce(ImportSettings, Signals) -> Result<ExitStatus, ImportError>,
) -> Result<ExitStatus, FailedJob> {
    let settings = settings.map_err(|error| (error.into(), ExitStatus::Usage))?;
    let signals = Signals::listen(leave).map_err(|error| (error.into(), ExitStatus::Unexpected))?;
    command(settings, signals).await.map_err(|error| {
        let status = error.exit_status();
        (error.into(), status)
    })
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
    plain_console().error(&with_causes(error));
    status
}

fn plain_console() -> Console {
    Console::new(LogFormat::Text, false)
}

/// An error and its causes, each once: many a sentence has its cause in it already.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
        if text.contains(&cause) { text } else { text + "\n  caused by: " + &cause }
    })
}

/// Logs go to stderr. Only our own are shown: those of libraries could hold addresses.
fn log(verbosity: u8, format: LogFormat) {
    let level = match verbosity {
        0 => Level::WARN,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let color = std::io::stderr().is_terminal() && anstream::stderr().current_choice() != anstream::ColorChoice::Never;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(color).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(layer).with(Targets::new().with_target("avnology_migrate", level)).init();
}
