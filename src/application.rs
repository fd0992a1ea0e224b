//! From the command line to an exit status.

mod failed;
mod job;

use std::ffi::OsString;
use std::path::Path;

use failed::Failed;
pub use failed::fail;
use job::{Job, leave};

use crate::cli::{
    AppsArguments, AppsCommand, ClerkArguments, ClerkCommand, Command, CutoverArguments, CutoverCommand,
    DoctorArguments, ImportArguments, ManArguments, MigrateArguments, PlanArguments, Provider, RunsArguments,
    RunsCommand, SandboxArguments, TokensArguments, VerifyArguments, WebhooksCommand,
};
use crate::command;
use crate::exit::ExitStatus;
use crate::ignore::ignore;
use crate::logging;
use crate::mapping::DEFAULT_MAPPING;
use crate::report::{LogFormat, REPORT_SCHEMA, print_text, write_stderr};
use crate::settings::{
    AppsSettings, CommandLineError, CutoverCheckSettings, CutoverRecordSettings, CutoverReportSettings,
    CutoverStatusSettings, DEFAULT_CONFIG_FILE, DoctorSettings, Environment, ExportSettings, ImportOrDryRun,
    ImportSettings, MergeSettings, PruneSettings, RunExportSettings, RunIdsSettings, RunsSettings, SettingsError,
    ShowSettings, TenantPlanSettings, TokensSettings, TrySettings, UndoSettings, VerifyOrSignIn,
    VerifySignatureSettings, WebhooksApplySettings, WebhooksPlanSettings, WebhooksUndoSettings, WebhooksVerifySettings,
    command_line, keto_namespaces, kratos_schema,
};
use crate::signal::Signals;

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
        Command::Completions(arguments) => done(command::shell::completions(arguments.shell)),
        Command::Man(ManArguments { out: Some(directory), .. }) => done(command::shell::write_pages(&directory)),
        Command::Man(ManArguments { words, out: None }) => done(command::shell::print_page(&words)),
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
            let Some(job) = Job::start(options, "export", environment) else { return ExitStatus::Usage };
            let settings = ExportSettings::resolve(*export, job.output.clone(), environment);
            job.run(settings, command::export).await
        }
        Some(ClerkCommand::Plan(plan)) => make_plan(*plan, environment).await,
        Some(ClerkCommand::Apps(apps)) => make_clients(*apps, environment).await,
        Some(ClerkCommand::Tokens(tokens)) => take_apart(*tokens, environment).await,
        Some(ClerkCommand::Cutover(cutover)) => Box::pin(switch(*cutover, environment)).await,
        Some(ClerkCommand::Resume(resume)) => {
            let options = (&resume.options.output, resume.options.cacert.clone());
            let Some(job) = Job::start(options, "import", environment) else { return ExitStatus::Usage };
            let settings = ImportSettings::resume(resume, job.output.clone(), environment);
            Box::pin(job.run(settings, command::import)).await
        }
        Some(ClerkCommand::Verify(verify)) => Box::pin(compare(*verify, environment)).await,
        Some(ClerkCommand::Undo(undo)) => {
            let options = (&undo.options.output, undo.options.cacert.clone());
            let Some(job) = Job::start(options, "undo", environment) else { return ExitStatus::Usage };
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
    let options = (&verify.options.output, verify.options.cacert.clone());
    let Some(job) = Job::start(options, "verify", environment) else { return ExitStatus::Usage };
    let settings = VerifyOrSignIn::resolve(verify, job.output.clone(), environment);
    let command = async |settings, signals| match settings {
        VerifyOrSignIn::Verify(settings) => Box::pin(command::verify(*settings, signals)).await,
        VerifyOrSignIn::SignIn(settings) => Box::pin(command::sign_in(*settings, signals)).await,
    };
    Box::pin(job.run(settings, command)).await
}

async fn import_or_dry_run(arguments: ImportArguments, environment: &Environment) -> ExitStatus {
    let name = if arguments.dry_run { "dry-run" } else { "import" };
    let options = (&arguments.options.output, arguments.options.cacert.clone());
    let Some(job) = Job::start(options, name, environment) else { return ExitStatus::Usage };
    let settings = ImportOrDryRun::resolve(arguments, job.output.clone(), environment);
    let command = async |settings, signals| match settings {
        ImportOrDryRun::DryRun(settings) => Box::pin(command::dry_run(*settings, signals)).await,
        ImportOrDryRun::Import(settings) => Box::pin(command::import(*settings, signals)).await,
    };
    Box::pin(job.run(settings, command)).await
}

async fn make_plan(plan: PlanArguments, environment: &Environment) -> ExitStatus {
    let options = (&plan.output, plan.connection.cacert.clone());
    let Some(job) = Job::start(options, "plan", environment) else { return ExitStatus::Usage };
    let settings = TenantPlanSettings::resolve(plan, job.output.clone(), environment);
    Box::pin(job.run(settings, command::plan)).await
}

async fn make_clients(apps: AppsArguments, environment: &Environment) -> ExitStatus {
    let (options, name) = match &apps.command {
        AppsCommand::Apply(apply) => (&apply.options, "apps-apply"),
        AppsCommand::Verify(verify) => (&verify.options, "apps-verify"),
        AppsCommand::Undo(undo) => (&undo.options, "apps-undo"),
    };
    let options = (&options.output, options.cacert.clone());
    let Some(job) = Job::start(options, name, environment) else { return ExitStatus::Usage };
    let settings = AppsSettings::resolve(apps, job.output.clone(), environment);
    Box::pin(job.run(settings, command::apps)).await
}

async fn take_apart(tokens: TokensArguments, environment: &Environment) -> ExitStatus {
    let Some(job) = Job::start((&tokens.output, None), "tokens", environment) else { return ExitStatus::Usage };
    let settings = TokensSettings::resolve(tokens, job.output.clone(), environment);
    Box::pin(job.run(settings, command::tokens)).await
}

async fn move_webhooks(command: WebhooksCommand, environment: &Environment) -> ExitStatus {
    match command {
        WebhooksCommand::Plan(plan) => {
            let Some(job) = Job::start((&plan.output, None), "webhooks-plan", environment) else {
                return ExitStatus::Usage;
            };
            let settings = WebhooksPlanSettings::resolve(*plan, job.output.clone(), environment);
            job.run(settings, async |settings, _| command::webhooks::plan(&settings)).await
        }
        WebhooksCommand::Apply(apply) => {
            let options = (&apply.at.output, apply.at.cacert.clone());
            let Some(job) = Job::start(options, "webhooks-apply", environment) else { return ExitStatus::Usage };
            let settings = WebhooksApplySettings::resolve(*apply, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::apply)).await
        }
        WebhooksCommand::Verify(verify) => {
            let options = (&verify.at.output, verify.at.cacert.clone());
            let Some(job) = Job::start(options, "webhooks-verify", environment) else { return ExitStatus::Usage };
            let settings = WebhooksVerifySettings::resolve(*verify, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::verify)).await
        }
        WebhooksCommand::Undo(undo) => {
            let options = (&undo.at.output, undo.at.cacert.clone());
            let Some(job) = Job::start(options, "webhooks-undo", environment) else { return ExitStatus::Usage };
            let settings = WebhooksUndoSettings::resolve(*undo, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::undo)).await
        }
        WebhooksCommand::Try(tried) => {
            let options = (&tried.output, tried.cacert.clone());
            let Some(job) = Job::start(options, "webhooks-try", environment) else { return ExitStatus::Usage };
            let settings = TrySettings::resolve(*tried, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::try_handler)).await
        }
        WebhooksCommand::VerifySignature(verify) => {
            logging::start(0, LogFormat::Text);
            let settings = match VerifySignatureSettings::resolve(verify) {
                Ok(settings) => settings,
                Err(error) => return fail(&error.into(), ExitStatus::Usage),
            };
            command::webhooks::verify_signature(&settings).unwrap_or_else(|error| {
                let status = error.exit_status();
                fail(&error.into(), status)
            })
        }
    }
}

async fn switch(cutover: CutoverArguments, environment: &Environment) -> ExitStatus {
    let wrong = |error: SettingsError| fail(&error.into(), ExitStatus::Usage);
    let ended = match cutover.command {
        CutoverCommand::Check(check) => {
            let options = (&check.output, check.connection.cacert.clone());
            let Some(job) = Job::start(options, "cutover", environment) else { return ExitStatus::Usage };
            let settings = CutoverCheckSettings::resolve(*check, job.output.clone(), environment);
            return Box::pin(job.run(settings, command::check_cutover)).await;
        }
        CutoverCommand::Status(status) => match CutoverStatusSettings::resolve(status, environment) {
            Ok(settings) => command::cutover_status(&settings),
            Err(error) => return wrong(error),
        },
        CutoverCommand::Record(record) => match CutoverRecordSettings::resolve(record) {
            Ok(settings) => command::record_cutover(settings),
            Err(error) => return wrong(error),
        },
        CutoverCommand::Report(report) => match CutoverReportSettings::resolve(report, environment) {
            Ok(settings) => command::report_cutover(&settings),
            Err(error) => return wrong(error),
        },
    };
    ended.unwrap_or_else(|error| {
        let status = error.exit_status();
        fail(&error.into(), status)
    })
}

fn print(text: &str) -> ExitStatus {
    print_text(text).map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}

fn done(result: Result<(), command::shell::ShellError>) -> ExitStatus {
    result.map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
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
            if let Some(recovery) = settings.recovery.clone() {
                let made = command::make_recovery_links(settings, recovery).await;
                return made.map_err(|error| {
                    let status = error.exit_status();
                    (error.into(), status)
                });
            }
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
