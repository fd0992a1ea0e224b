//! `avnology migrate clerk apps`: makes the applications of a plan clients of a target, compares, and undoes it.

mod account;
mod apply;
mod checklist;
mod plan;
mod undo;
mod verify;

use crate::apps::ClientRegistry;
use crate::avnology::{KeyKind, OAuthClients};
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::http::{self, ClientOptions};
use crate::hydra::HydraClients;
use crate::pace::Pace;
use crate::settings::{AppsJob, AppsSettings, AppsTarget};
use crate::signal::Signals;

use super::apps_error::AppsError;
use super::import_error::ImportError;
use super::target::{at_target, client};

/// What a Hydra is called, before its address.
const OF_HYDRA: &str = "hydra+";

/// A target of clients.
struct At<'a, R> {
    registry: &'a R,
    /// What the memory and reports call it.
    name: String,
    /// Which users its key is for.
    key_kind: Option<KeyKind>,
    settings: &'a AppsSettings,
}

/// Makes clients, compares or undoes, as the settings say.
pub async fn apps(settings: AppsSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    let AppsSettings { target, connection, .. } = &settings;
    match target {
        AppsTarget::Avnology(target) => {
            let at_avnology = async |target: super::target::Target| {
                let client = client(&target, connection)?;
                let registry = OAuthClients::new(client, Pace::new(&connection.pace), connection.retry);
                let (name, key_kind) = (target.name.clone(), target.key_kind());
                At { registry: &registry, name, key_kind, settings: &settings }.run(&mut signals).await
            };
            at_target(target, at_avnology).await
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
            let client = http::Client::new(&options).map_err(TargetError::from)?;
            let registry = HydraClients::new(client, &Pace::new(&connection.pace), connection.retry);
            let name = format!("{OF_HYDRA}{base_url}");
            At { registry: &registry, name, key_kind: None, settings: &settings }.run(&mut signals).await
        }
    }
}

impl<R: ClientRegistry> At<'_, R> {
    async fn run(&self, signals: &mut Signals) -> Result<ExitStatus, ImportError> {
        if let AppsJob::Undo { is_confirmed: false, dry_run: false, .. } = self.settings.job
            && !undo::confirm(&self.name, signals).await?
        {
            return Err(ImportError::NotConfirmed);
        }
        tokio::select! {
            biased;
            // What is broken off here is what a kill breaks off: the same command goes on.
            signal = signals.next() => Err(AppsError::Interrupted(signal).into()),
            done = self.work() => done,
        }
    }

    async fn work(&self) -> Result<ExitStatus, ImportError> {
        match &self.settings.job {
            AppsJob::Apply { plan, secrets_out, dry_run, force } => {
                apply::apply(self, plan, secrets_out.as_deref(), *dry_run, *force).await
            }
            AppsJob::Verify { plan } => verify::verify(self, plan).await,
            AppsJob::Undo { dry_run, force, .. } => undo::undo(self, *dry_run, *force).await,
        }
    }
}
