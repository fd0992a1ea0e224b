//! From the command line to an exit status.

mod failed;
mod job;
mod look_at_runs;
mod print;
mod switch;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;

use failed::fail;
use job::{RunningJob, leave};
use look_at_runs::look_at_runs;
use print::print;
use switch::{make_clients, make_plan, move_webhooks, switch, take_apart};

use crate::cli::{
    ClerkArguments, ClerkCommand, Command, DoctorArguments, ImportArguments, ManArguments, MigrateArguments, Provider,
    SandboxArguments, VerifyArguments,
};
use crate::command;
use crate::exit::ExitStatus;
use crate::ignore::ignore;
use crate::logging;
use crate::mapping::DEFAULT_MAPPING;
use crate::report::{LogFormat, write_stderr};
use crate::settings::{
    CommandLineError, DEFAULT_CONFIG_FILE, DoctorSettings, Environment, ExportSettings, ImportOrDryRun, ImportSettings,
    UndoSettings, VerifyOrSignIn, command_line, keto_namespaces, kratos_schema,
};
use crate::signal::Signals;

/// Does what the command line says, and gives the exit status of the process.
///
/// The runtime is made here and not in `main`: a future is compiled where it is polled, so the whole program would be compiled a second
/// time for the binary.
pub fn run() -> ExitStatus {
    // Readers and mappers have threads of their own. More of these would only make the allocator keep more memory.
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get) + 2;
    let runtime = match tokio::runtime::Builder::new_multi_thread().max_blocking_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into(), ExitStatus::Unexpected),
    };
    let status = runtime.block_on(run_command_line());
    // A reader blocked on standard input must not keep the process alive.
    runtime.shutdown_background();
    status
}

/// Parses the command line and does what it says. Wrong usage ends the process here, with code 2 and a hint.
async fn run_command_line() -> ExitStatus {
    let directory = Path::new(".");
    let environment = match Environment::read(directory) {
        Ok(environment) => environment,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match command_line(&arguments, directory, &environment) {
        Ok(cli) => cli,
        Err(CommandLineError::Typed(error)) if error.use_stderr() => {
            let written = write_stderr(&error.render().ansi().to_string());
            ignore(written, "a closed stderr leaves no place to report this");
            return ExitStatus::Usage;
        }
        // Help and the version.
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
        Command::Doctor(arguments) => examine(*arguments, environment).await,
        Command::Completions(arguments) => done(command::completions::completions(arguments.shell)),
        Command::Man(ManArguments { out: Some(directory), .. }) => done(command::man::write_pages(&directory)),
        Command::Man(ManArguments { words, out: None }) => done(command::man::print_page(&words)),
    }
}

async fn examine(arguments: DoctorArguments, environment: Environment) -> ExitStatus {
    logging::start(0, LogFormat::Text);
    let settings = match DoctorSettings::resolve(arguments, &environment) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.into(), ExitStatus::Usage),
    };
    command::doctor(settings).await.unwrap_or_else(|error| fail(&error.into(), ExitStatus::Usage))
}

async fn serve_sandbox(arguments: SandboxArguments) -> ExitStatus {
    logging::start(0, LogFormat::Text);
    let mut signals = match Signals::listen(None, leave) {
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
    let ClerkArguments { command, import, config, print_default_mapping, print_kratos_schema, print_keto_namespaces } =
        arguments;
    if print_default_mapping {
        return print(DEFAULT_MAPPING);
    }
    if let Some(mapping) = print_kratos_schema {
        return kratos_schema(mapping.as_deref())
            .map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |text| print(&text));
    }
    if !print_keto_namespaces.is_empty() {
        return keto_namespaces(&print_keto_namespaces)
            .map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |text| print(&text));
    }
    let environment = environment.with_config_file(config.unwrap_or_else(|| DEFAULT_CONFIG_FILE.into()));
    let environment = &environment;
    match command {
        None => Box::pin(import_or_dry_run(import, environment)).await,
        Some(ClerkCommand::Export(export)) => {
            let options = (&export.output, export.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "export", environment) else { return ExitStatus::Usage };
            let settings = ExportSettings::resolve(*export, job.output.clone(), environment);
            job.run(settings, command::export).await
        }
        Some(ClerkCommand::Plan(plan)) => make_plan(*plan, environment).await,
        Some(ClerkCommand::Apps(apps)) => make_clients(*apps, environment).await,
        Some(ClerkCommand::Tokens(tokens)) => take_apart(*tokens, environment).await,
        Some(ClerkCommand::Cutover(cutover)) => Box::pin(switch(*cutover, environment)).await,
        Some(ClerkCommand::Resume(resume)) => {
            let options = (&resume.options.output, resume.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "import", environment) else { return ExitStatus::Usage };
            let settings = ImportSettings::resume(resume, job.output.clone(), environment);
            Box::pin(job.run(settings, command::import)).await
        }
        Some(ClerkCommand::Verify(verify)) => Box::pin(compare(*verify, environment)).await,
        Some(ClerkCommand::Undo(undo)) => {
            let options = (&undo.options.output, undo.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "undo", environment) else { return ExitStatus::Usage };
            let settings = UndoSettings::resolve(&undo, &job.output, environment);
            Box::pin(job.run(settings, command::undo)).await
        }
        Some(ClerkCommand::Webhooks(webhooks)) => Box::pin(move_webhooks(webhooks.command, environment)).await,
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

async fn compare(verify: VerifyArguments, environment: &Environment) -> ExitStatus {
    let options = (&verify.options.output, verify.options.connection.cacert.clone());
    let Some(job) = RunningJob::start(options, "verify", environment) else { return ExitStatus::Usage };
    let settings = VerifyOrSignIn::resolve(verify, job.output.clone(), environment);
    let command = async |settings, signals| match settings {
        VerifyOrSignIn::Verify(settings) => Box::pin(command::verify(*settings, signals)).await,
        VerifyOrSignIn::SignIn(settings) => Box::pin(command::sign_in(*settings, signals)).await,
    };
    Box::pin(job.run(settings, command)).await
}

async fn import_or_dry_run(arguments: ImportArguments, environment: &Environment) -> ExitStatus {
    let name = if arguments.dry_run { "dry-run" } else { "import" };
    let options = (&arguments.options.output, arguments.options.connection.cacert.clone());
    let Some(job) = RunningJob::start(options, name, environment) else { return ExitStatus::Usage };
    let settings = ImportOrDryRun::resolve(arguments, job.output.clone(), environment);
    let command = async |settings, signals| match settings {
        ImportOrDryRun::DryRun(settings) => Box::pin(command::dry_run(*settings, signals)).await,
        ImportOrDryRun::Import(settings) => Box::pin(command::import(*settings, signals)).await,
    };
    Box::pin(job.run(settings, command)).await
}

fn done(result: Result<(), impl Into<anyhow::Error>>) -> ExitStatus {
    result.map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}
