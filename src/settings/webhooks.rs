//! The settings of commands about webhooks.

use std::path::PathBuf;

use super::connection::Connection;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::{
    ObjectOptions, PlannedWebhooksArguments, TargetKind, WebhooksActivateArguments, WebhooksApplyArguments,
    WebhooksPlanArguments, WebhooksTargetArguments, WebhooksUndoArguments, WebhooksVerifyArguments,
};

/// What a plan of webhooks needs.
#[derive(Clone, Debug)]
pub struct WebhooksPlanSettings {
    /// The endpoints file.
    pub endpoints: PathBuf,
    /// The report of `codemod`.
    pub code_report: Option<PathBuf>,
    /// Where the plan goes.
    pub out: PathBuf,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl WebhooksPlanSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: WebhooksPlanArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let WebhooksPlanArguments { endpoints, code_report, out, output: _ } = arguments;
        let files = NamedFiles::new(&output).reads("--endpoints", &endpoints);
        let files = code_report.iter().fold(files, |files, path| files.reads("--code-report", path));
        files.writing("--out", [out.clone()]).check(&runs_directory(None, environment)?, environment)?;
        output.without_page()?;
        Ok(Self { endpoints, code_report, out, output })
    }
}

/// Where endpoints are registered.
#[derive(Clone, Debug)]
pub struct WebhooksTargetSettings {
    /// The target.
    pub target: TargetSettings,
    /// How it is reached.
    pub connection: Connection,
    /// Where it is kept what was registered.
    pub runs_directory: PathBuf,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl WebhooksTargetSettings {
    fn resolve(
        arguments: WebhooksTargetArguments,
        output: OutputSettings,
        files: &[(&'static str, PathBuf)],
        secrets_out: Option<&PathBuf>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let WebhooksTargetArguments { target, options } = arguments;
        let ObjectOptions { rate, connection, runs_dir, output: _ } = options;
        if target.target.is_some_and(|kind| kind != TargetKind::Avnology) {
            return Err(SettingsError::KratosWebhooks);
        }
        let target = TargetSettings::of_avnology(target, environment)?;
        let connection = Connection::resolve(&rate, &connection, None, environment)?;
        let runs_directory = runs_directory(runs_dir, environment)?;
        let named = NamedFiles::new(&output).target(&target).certificates(connection.certificates.as_deref());
        let named = files.iter().fold(named, |named, (option, path)| named.reads(option, path));
        named.writing("--secrets-out", secrets_out.cloned()).check(&runs_directory, environment)?;
        output.without_page()?;
        Ok(Self { target, connection, runs_directory, output })
    }
}

/// A plan and the file that it was made of.
#[derive(Clone, Debug)]
pub struct PlannedWebhooks {
    /// The plan.
    pub plan: PathBuf,
    /// The endpoints file.
    pub endpoints: PathBuf,
}

impl PlannedWebhooks {
    fn new(PlannedWebhooksArguments { plan, endpoints }: PlannedWebhooksArguments) -> Self {
        Self { plan, endpoints }
    }

    fn files(&self) -> [(&'static str, PathBuf); 2] {
        [("--plan", self.plan.clone()), ("--endpoints", self.endpoints.clone())]
    }
}

/// What registering endpoints needs.
#[derive(Clone, Debug)]
pub struct WebhooksApplySettings {
    /// What is registered.
    pub planned: PlannedWebhooks,
    /// Where the secrets go.
    pub secrets_out: Option<PathBuf>,
    /// Whether nothing is registered.
    pub dry_run: bool,
    /// Whether endpoints are registered that may be there already.
    pub force: bool,
    /// Where.
    pub at: WebhooksTargetSettings,
}

impl WebhooksApplySettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: WebhooksApplyArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let WebhooksApplyArguments { planned, secrets_out, dry_run, force, at } = arguments;
        let planned = PlannedWebhooks::new(planned);
        let at = WebhooksTargetSettings::resolve(at, output, &planned.files(), secrets_out.as_ref(), environment)?;
        Ok(Self { planned, secrets_out, dry_run, force, at })
    }
}

/// What comparing endpoints needs.
#[derive(Clone, Debug)]
pub struct WebhooksVerifySettings {
    /// What has to be registered.
    pub planned: PlannedWebhooks,
    /// Where.
    pub at: WebhooksTargetSettings,
}

impl WebhooksVerifySettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: WebhooksVerifyArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let planned = PlannedWebhooks::new(arguments.planned);
        let at = WebhooksTargetSettings::resolve(arguments.at, output, &planned.files(), None, environment)?;
        Ok(Self { planned, at })
    }
}

/// What activating endpoints needs.
#[derive(Clone, Debug)]
pub struct WebhooksActivateSettings {
    /// What is activated.
    pub planned: PlannedWebhooks,
    /// Whether nothing is activated.
    pub dry_run: bool,
    /// Where.
    pub at: WebhooksTargetSettings,
}

impl WebhooksActivateSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: WebhooksActivateArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let WebhooksActivateArguments { planned, dry_run, at } = arguments;
        let planned = PlannedWebhooks::new(planned);
        let at = WebhooksTargetSettings::resolve(at, output, &planned.files(), None, environment)?;
        Ok(Self { planned, dry_run, at })
    }
}

/// What deleting endpoints needs.
#[derive(Clone, Debug)]
pub struct WebhooksUndoSettings {
    /// Whether the user said yes already.
    pub has_consent: bool,
    /// Whether nothing is deleted.
    pub dry_run: bool,
    /// Whether those that were activated or changed are deleted, too.
    pub force: bool,
    /// Where.
    pub at: WebhooksTargetSettings,
}

impl WebhooksUndoSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: WebhooksUndoArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let WebhooksUndoArguments { yes, dry_run, force, at } = arguments;
        let at = WebhooksTargetSettings::resolve(at, output, &[], None, environment)?;
        Ok(Self { has_consent: yes, dry_run, force, at })
    }
}
