//! `avnology migrate clerk apps`: makes the applications of a plan clients of a target, compares, and undoes it.
//!
//! [`mod@apply`], [`mod@verify`] and [`mod@undo`] are the commands. What they share: [`plan_of_apps`] reads the plan, [`client_target`] is
//! where clients are made, [`checklist`] is what a person does where the target has no methods for clients, [`account`] is what came
//! of it, and [`apps_command_error`] why nothing does.

mod account;
mod apply;
pub(super) mod apps_command_error;
mod checklist;
mod client_target;
mod plan_of_apps;
mod undo;
mod verify;

use crate::apps::ClientRegistry;
use crate::avnology::OAuthClients;
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::http::{self, ClientOptions};
use crate::hydra::HydraClients;
use crate::pace::PaceGate;
use crate::settings::{AppsJob, AppsSettings, AppsTarget};
use crate::signal::Signals;

use client_target::ClientTarget;

use super::shared::command_error::CommandError;
use super::shared::target::{client, with_target};
use apps_command_error::AppsCommandError;

/// What a Hydra is called, before its address.
const OF_HYDRA: &str = "hydra+";

/// Makes clients, compares or undoes, as the settings say.
pub async fn apps(settings: AppsSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let AppsSettings { target, connection, .. } = &settings;
    match target {
        AppsTarget::Avnology(target) => {
            let at_avnology = async |target: super::shared::target::Target| {
                let client = client(&target, connection)?;
                let registry = OAuthClients::new(client, PaceGate::new(&connection.pace), connection.retry);
                let (name, key_kind) = (target.name.clone(), target.key_kind());
                run(&ClientTarget { registry: &registry, name, key_kind, settings: &settings }, &mut signals).await
            };
            Box::pin(with_target(target, at_avnology)).await
        }
        AppsTarget::Hydra { base_url, token, key_source, proxy } => {
            let options = ClientOptions {
                base_url: base_url.clone(),
                secret_key: token.clone(),
                key_source: key_source.clone(),
                timeouts: connection.timeouts,
                certificates: connection.certificates.clone(),
                proxy: proxy.clone(),
            };
            let client = http::HttpClient::new(&options).map_err(TargetError::from)?;
            let registry = HydraClients::new(client, &PaceGate::new(&connection.pace), connection.retry);
            let name = format!("{OF_HYDRA}{base_url}");
            run(&ClientTarget { registry: &registry, name, key_kind: None, settings: &settings }, &mut signals).await
        }
    }
}

/// Does what the settings say, and lets go when a signal comes.
async fn run<R: ClientRegistry>(at: &ClientTarget<'_, R>, signals: &mut Signals) -> Result<ExitStatus, CommandError> {
    if let AppsJob::Undo { has_consent: false, dry_run: false, .. } = at.settings.job
        && !undo::confirm(&at.name, signals).await?
    {
        return Err(CommandError::NoConsent);
    }
    // What is broken off here is what a kill breaks off: the same command goes on.
    signals.unless_one_comes(work(at)).await.map_err(AppsCommandError::Interrupted)?
}

async fn work<R: ClientRegistry>(at: &ClientTarget<'_, R>) -> Result<ExitStatus, CommandError> {
    match &at.settings.job {
        AppsJob::Apply { plan, secrets_out, dry_run, force } => {
            apply::apply(at, plan, secrets_out.as_deref(), *dry_run, *force).await
        }
        AppsJob::Verify { plan } => verify::verify(at, plan).await,
        AppsJob::Undo { dry_run, force, .. } => undo::undo(at, *dry_run, *force).await,
    }
}
