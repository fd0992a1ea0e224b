//! What of a tenant is beside its users, and the switch: from what was typed to an exit status.

use super::failed::fail;
use super::job::RunningJob;
use crate::cli::{
    AppsArguments, AppsCommand, CutoverArguments, CutoverCommand, PlanArguments, TokensArguments, WebhooksCommand,
};
use crate::command;
use crate::exit::ExitStatus;
use crate::logging;
use crate::report::LogFormat;
use crate::settings::{
    AppsSettings, CutoverCheckSettings, CutoverRecordSettings, CutoverReportSettings, CutoverStatusSettings,
    Environment, SettingsError, TenantPlanSettings, TokensSettings, TrySettings, VerifySignatureSettings,
    WebhooksActivateSettings, WebhooksApplySettings, WebhooksPlanSettings, WebhooksUndoSettings,
    WebhooksVerifySettings,
};

pub(super) async fn make_plan(plan: PlanArguments, environment: &Environment) -> ExitStatus {
    let options = (&plan.output, plan.connection.cacert.clone());
    let Some(job) = RunningJob::start(options, "plan", environment) else { return ExitStatus::Usage };
    let settings = TenantPlanSettings::resolve(plan, job.output.clone(), environment);
    Box::pin(job.run(settings, command::plan)).await
}

pub(super) async fn make_clients(apps: AppsArguments, environment: &Environment) -> ExitStatus {
    let (options, name) = match &apps.command {
        AppsCommand::Apply(apply) => (&apply.options, "apps-apply"),
        AppsCommand::Verify(verify) => (&verify.options, "apps-verify"),
        AppsCommand::Undo(undo) => (&undo.options, "apps-undo"),
    };
    let options = (&options.output, options.connection.cacert.clone());
    let Some(job) = RunningJob::start(options, name, environment) else { return ExitStatus::Usage };
    let settings = AppsSettings::resolve(apps, job.output.clone(), environment);
    Box::pin(job.run(settings, command::apps)).await
}

pub(super) async fn take_apart(tokens: TokensArguments, environment: &Environment) -> ExitStatus {
    let Some(job) = RunningJob::start((&tokens.output, None), "tokens", environment) else { return ExitStatus::Usage };
    let settings = TokensSettings::resolve(tokens, job.output.clone(), environment);
    Box::pin(job.run(settings, command::tokens)).await
}

pub(super) async fn move_webhooks(command: WebhooksCommand, environment: &Environment) -> ExitStatus {
    match command {
        WebhooksCommand::Plan(plan) => {
            let Some(job) = RunningJob::start((&plan.output, None), "webhooks-plan", environment) else {
                return ExitStatus::Usage;
            };
            let settings = WebhooksPlanSettings::resolve(*plan, job.output.clone(), environment);
            job.run(settings, async |settings, _| command::webhooks::plan(&settings)).await
        }
        WebhooksCommand::Apply(apply) => {
            let options = (&apply.at.options.output, apply.at.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "webhooks-apply", environment) else { return ExitStatus::Usage };
            let settings = WebhooksApplySettings::resolve(*apply, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::apply)).await
        }
        WebhooksCommand::Verify(verify) => {
            let options = (&verify.at.options.output, verify.at.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "webhooks-verify", environment) else {
                return ExitStatus::Usage;
            };
            let settings = WebhooksVerifySettings::resolve(*verify, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::verify)).await
        }
        WebhooksCommand::Activate(activate) => {
            let options = (&activate.at.options.output, activate.at.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "webhooks-activate", environment) else {
                return ExitStatus::Usage;
            };
            let settings = WebhooksActivateSettings::resolve(*activate, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::activate)).await
        }
        WebhooksCommand::Undo(undo) => {
            let options = (&undo.at.options.output, undo.at.options.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "webhooks-undo", environment) else { return ExitStatus::Usage };
            let settings = WebhooksUndoSettings::resolve(*undo, job.output.clone(), environment);
            Box::pin(job.run(settings, command::webhooks::undo)).await
        }
        WebhooksCommand::Try(tried) => {
            let options = (&tried.output, tried.cacert.clone());
            let Some(job) = RunningJob::start(options, "webhooks-try", environment) else { return ExitStatus::Usage };
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

pub(super) async fn switch(cutover: CutoverArguments, environment: &Environment) -> ExitStatus {
    let wrong = |error: SettingsError| fail(&error.into(), ExitStatus::Usage);
    let ended = match cutover.command {
        CutoverCommand::Check(check) => {
            let options = (&check.output, check.connection.cacert.clone());
            let Some(job) = RunningJob::start(options, "cutover", environment) else { return ExitStatus::Usage };
            let settings = CutoverCheckSettings::resolve(&check, job.output.clone(), environment);
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
