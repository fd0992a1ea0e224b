//! The settings of making applications clients of a target.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::connection::Connection;
use super::environment::KeyVariables;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::{AppsArguments, AppsCommand, AppsTargetArguments, AvnologyTargetArguments, ObjectOptions, TargetKind};
use crate::http::{BaseUrl, KeySource, Proxy};

/// What to do.
#[derive(Clone, Debug)]
pub enum AppsJob {
    /// Make clients.
    Apply {
        /// The plan.
        plan: PathBuf,
        /// Where secrets go.
        secrets_out: Option<PathBuf>,
        /// Whether nothing is changed.
        dry_run: bool,
        /// Whether what somebody changed is changed back.
        force: bool,
    },
    /// Compare.
    Verify {
        /// The plan.
        plan: PathBuf,
    },
    /// Delete what was made.
    Undo {
        /// Whether the user said yes already.
        has_consent: bool,
        /// Whether nothing is deleted.
        dry_run: bool,
        /// Whether what somebody changed is deleted, too.
        force: bool,
    },
}

/// The target of clients.
#[derive(Clone, Debug)]
pub enum AppsTarget {
    /// An Avnology ID.
    Avnology(TargetSettings),
    /// An Ory Hydra.
    Hydra {
        /// Its admin address.
        base_url: BaseUrl,
        /// The token of a gateway before it; it has no authentication of its own.
        token: Option<SecretString>,
        /// Where the token comes from.
        key_source: KeySource,
        /// The proxy on the way.
        proxy: Option<Arc<Proxy>>,
    },
}

/// What making clients needs.
#[derive(Clone, Debug)]
pub struct AppsSettings {
    /// What to do.
    pub job: AppsJob,
    /// Where.
    pub target: AppsTarget,
    /// How the target is reached, and how fast.
    pub connection: Connection,
    /// Where it is kept what was made.
    pub runs_directory: PathBuf,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl AppsSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: AppsArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let (job, target, options) = match arguments.command {
            AppsCommand::Apply(apply) => {
                let job = AppsJob::Apply {
                    plan: apply.plan,
                    secrets_out: apply.secrets_out,
                    dry_run: apply.dry_run,
                    force: apply.force,
                };
                (job, apply.target, apply.options)
            }
            AppsCommand::Verify(verify) => (AppsJob::Verify { plan: verify.plan }, verify.target, verify.options),
            AppsCommand::Undo(undo) => {
                let job = AppsJob::Undo { has_consent: undo.yes, dry_run: undo.dry_run, force: undo.force };
                (job, undo.target, undo.options)
            }
        };
        Self::with(job, target, options, output, environment)
    }

    fn with(
        job: AppsJob,
        target: AppsTargetArguments,
        options: ObjectOptions,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let connection = Connection::resolve(&options.rate, &options.connection, None, environment)?;
        let runs_directory = runs_directory(options.runs_dir, environment)?;
        let target = resolve_target(target, environment)?;
        let mut files = NamedFiles::new(&output).certificates(connection.certificates.as_deref());
        if let AppsTarget::Avnology(target) = &target {
            files = files.target(target);
        }
        if let AppsJob::Apply { plan, .. } | AppsJob::Verify { plan } = &job {
            files = files.reads("--plan", plan);
        }
        if let AppsJob::Apply { secrets_out: Some(path), .. } = &job {
            files = files.writing("--secrets-out", [path.clone()]);
        }
        files.check(&runs_directory, environment)?;
        output.without_page()?;
        Ok(Self { job, target, connection, runs_directory, output })
    }
}

fn resolve_target(arguments: AppsTargetArguments, environment: &Environment) -> Result<AppsTarget, SettingsError> {
    let AppsTargetArguments { avnology, hydra_admin_url } = arguments;
    let AvnologyTargetArguments { sandbox, target, .. } = avnology;
    match (target.filter(|_| !sandbox), hydra_admin_url.filter(|_| !sandbox)) {
        (Some(TargetKind::Kratos), _) => Err(SettingsError::KratosClients),
        (Some(TargetKind::Hydra), Some(base_url)) => {
            let key_source = environment.key_source(KeyVariables::HYDRA);
            let token = environment.checked_key(&key_source, KeyVariables::HYDRA)?;
            let proxy = environment.proxy(&base_url)?.map(Arc::new);
            Ok(AppsTarget::Hydra { base_url, token, key_source, proxy })
        }
        (Some(TargetKind::Hydra), None) | (None, Some(_)) => Err(SettingsError::NoHydraAddress),
        // An address of a Hydra may be in the config file.
        (Some(TargetKind::Avnology), _) | (None, None) => {
            Ok(AppsTarget::Avnology(TargetSettings::of_avnology(avnology, environment)?))
        }
    }
}
