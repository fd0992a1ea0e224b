//! From the command line to an exit status.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::{
    ClerkArguments, ClerkCommand, Command, ManArguments, MigrateArguments, OutputOptions, Provider, RunsArguments,
    RunsCommand, SandboxArguments,
};
use crate::command::{self, ImportError};
use crate::exit::ExitStatus;
use crate::logging;
use crate::mapping::DEFAULT_MAPPING;
use crate::report::{Console, LogFormat, REPORT_SCHEMA, print_text};
use crate::settings::{
    CommandLineError, DEFAULT_CONFIG_FILE, Environment, ExportSettings, ImportOrDryRun, ImportSettings, MergeSettings,
    OutputSettings, PruneSettings, RunExportSettings, RunIdsSettings, RunsSettings, SettingsError, ShowSettings,
    UndoSettings, VerifySettings, command_line,
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
        Command::Sandbox(arguments) => serve_sandbox(arguments).await,
        Command::Completions(arguments) => done(command::shell::completions(arguments.shell)),
        Command::Man(ManArguments { out: Some(directory), .. }) => done(command::shell::write_pages(&directory)),
        Command::Man(ManArguments { words, out: None }) => done(command::shell::print_page(&words)),
    }
}

async fn serve_sandbox(arguments: SandboxArguments) -> ExitStatus {
    logging::start(0, LogFormat::Text);
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

async fn migrate(arguments: ClerkArguments, environment: Environment) -> ExitStatus {
    let ClerkArguments { command, import, config, print_default_mapping } = arguments;
    if print_default_mapping {
        return print(DEFAULT_MAPPING);
    }
    let environment = environment.with_config_file(config.unwrap_or_else(|| DEFAULT_CONFIG_FILE.into()));
    let environment = &environment;
    match command {
        None => {
            let job = if import.dry_run { "dry-run" } else { "import" };
            let Some(output) = start_job(&import.options.output, job) else { return ExitStatus::Usage };
            let settings = ImportOrDryRun::resolve(import, output.clone(), environment);
            let command = async |settings, signals| match settings {
                ImportOrDryRun::DryRun(settings) => command::dry_run(*settings, signals).await,
                ImportOrDryRun::Import(settings) => command::import(*settings, signals).await,
            };
            Box::pin(run_job(output, settings, command)).await
        }
        Some(ClerkCommand::Export(export)) => {
            let Some(output) = start_job(&export.output, "export") else { return ExitStatus::Usage };
            let settings = ExportSettings::resolve(*export, output.clone(), environment);
            run_job(output, settings, command::export).await
        }
        Some(ClerkCommand::Resume(resume)) => {
            let Some(output) = start_job(&resume.options.output, "import") else { return ExitStatus::Usage };
            let settings = ImportSettings::resume(resume, output.clone(), environment);
            Box::pin(run_job(output, settings, command::import)).await
        }
        Some(ClerkCommand::Verify(verify)) => {
            let Some(output) = start_job(&verify.options.output, "verify") else { return ExitStatus::Usage };
            let settings = VerifySettings::resolve(*verify, output.clone(), environment);
            Box::pin(run_job(output, settings, command::verify)).await
        }
        Some(ClerkCommand::Undo(undo)) => {
            let Some(output) = start_job(&undo.options.output, "undo") else { return ExitStatus::Usage };
            let settings = UndoSettings::resolve(undo, &output, environment);
            Box::pin(run_job(output, settings, command::undo)).await
        }
        Some(ClerkCommand::Runs(runs)) => {
            logging::start(0, LogFormat::Text);
            Box::pin(look_at_runs(runs, environment)).await.unwrap_or_else(|(error, status)| fail(&error, status))
        }
        Some(ClerkCommand::Codemod(codemod)) => {
            logging::start(0, LogFormat::Text);
            command::codemod::run(&codemod).unwrap_or_else(|error| {
                let status = error.exit_status();
                fail(&error.into(), status)
            })
        }
    }
}

fn print(text: &str) -> ExitStatus {
    print_text(text).map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}

fn done(result: Result<(), command::shell::ShellError>) -> ExitStatus {
    result.map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}

/// Starts the log and the metrics of a job, whose name is for the metrics. If the metrics cannot be written, it says so.
fn start_job(options: &OutputOptions, job: &'static str) -> Option<OutputSettings> {
    logging::start(options.verbose, options.log_format);
    let output = OutputSettings::new(options);
    let console = output.console;
    output.with_metrics(options, job).map_err(|error| console.error(&with_causes(&error.into()))).ok()
}

/// Runs a job that can be interrupted, with its settings if they are right, and says in the metrics how it ended.
async fn run_job<S>(
    output: OutputSettings,
    settings: Result<S, SettingsError>,
    command: impl AsyncFnOnce(S, Signals) -> Result<ExitStatus, ImportError>,
) -> ExitStatus {
    // A metrics file that is something else, too, is left alone.
    let metrics = output.metrics.filter(|_| !matches!(settings, Err(SettingsError::Output(_))));
    let status = run_command(settings, command).await.unwrap_or_else(|(error, status)| {
        output.console.error(&with_causes(&error));
        status
    });
    if let Some(metrics) = metrics {
        metrics.end(status);
    }
    status
}

/// How a command ended that could not even begin, or not report.
type Failed = (anyhow::Error, ExitStatus);

async fn run_command<S>(
    settings: Result<S, SettingsError>,
    command: impl AsyncFnOnce(S, Signals) -> Result<ExitStatus, ImportError>,
) -> Result<ExitStatus, Failed> {
    let settings = settings.map_err(|error| (error.into(), ExitStatus::Usage))?;
    let signals = Signals::listen(leave).map_err(|error| (error.into(), ExitStatus::Unexpected))?;
    command(settings, signals).await.map_err(|error| {
        let status = error.exit_status();
        (error.into(), status)
    })
}

async fn look_at_runs(arguments: RunsArguments, environment: &Environment) -> Result<ExitStatus, Failed> {
    let wrong = |error: SettingsError| (error.into(), ExitStatus::Usage);
    match arguments {
        RunsArguments { command: Some(RunsCommand::Merge(merge)), .. } => {
            let settings = MergeSettings::resolve(merge, environment).map_err(wrong)?;
            command::merge_runs(&settings).map_err(|error| {
                let status = error.exit_status();
                (error.into(), status)
            })
        }
        RunsArguments { command: Some(RunsCommand::Ids(ids)), .. } => {
            let settings = RunIdsSettings::resolve(ids, environment).map_err(wrong)?;
            let printed = command::print_run_ids(&settings);
            printed.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Show(show)), .. } => {
            let settings = ShowSettings::resolve(show, environment).map_err(wrong)?;
            let shown = command::show_run(&settings);
            shown.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Prune(prune)), .. } => {
            let settings = PruneSettings::resolve(prune, environment).map_err(wrong)?;
            let pruned = command::prune_runs(&settings);
            pruned.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Schema), .. } => Ok(print(REPORT_SCHEMA)),
        RunsArguments { command: Some(RunsCommand::Export(export)), .. } => {
            let settings = RunExportSettings::resolve(export, environment).map_err(wrong)?;
            let exported = command::export_run(settings).await;
            exported.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: None, runs_dir, output } => {
            let settings = RunsSettings::resolve(runs_dir, output, environment).map_err(wrong)?;
            let listed = command::list_runs(&settings);
            listed.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
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

/// Says what went wrong, with its causes, and passes the status on.
pub fn fail(error: &anyhow::Error, status: ExitStatus) -> ExitStatus {
    Console::new(LogFormat::Text, false).error(&with_causes(error));
    status
}

/// An error and its causes, each once: many a sentence has its cause in it already.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
        if text.contains(&cause) { text } else { text + "\n  caused by: " + &cause }
    })
}
