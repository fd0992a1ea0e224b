//! Where identities go: a real Avnology ID, or the embedded one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::import_error::ImportError;
use crate::avnology::{AdminCalls, Capabilities, Client, preflight, preflight_reading};
use crate::destination::{Destination, TargetError};
use crate::exit::ExitStatus;
use crate::http::{BaseUrl, ClientOptions, KeySource, Proxy};
use crate::pace::Pace;
use crate::sandbox::{self, RunningSandbox};
use crate::settings::{Connection, TargetSettings};
use crate::signal::Signals;

/// Where identities go.
pub(super) struct Target {
    /// What the run calls it: the base URL, or the sandbox's database, whose address is another one each time.
    pub name: String,
    pub base_url: BaseUrl,
    secret_key: SecretString,
    key_source: KeySource,
    proxy: Option<Arc<Proxy>>,
    pub sandbox_database: Option<String>,
}

impl Target {
    /// A real one.
    fn new(base_url: BaseUrl, secret_key: SecretString, key_source: KeySource, proxy: Option<Arc<Proxy>>) -> Self {
        Self { name: base_url.to_string(), base_url, secret_key, key_source, proxy, sandbox_database: None }
    }
}

/// What a destination is asked for, which decides what its preflight may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// New identities are created there.
    Import,
    /// What is there is read or deleted; the key may be one that can only read.
    Existing,
}

/// Makes sure that the target is there and wants us: the one way to a destination.
pub(super) async fn connect(
    target: &Target,
    connection: &Connection,
    purpose: Use,
    signals: &mut Signals,
) -> Result<Arc<dyn Destination>, ImportError> {
    let client = Client::new(&ClientOptions {
        base_url: target.base_url.clone(),
        secret_key: target.secret_key.clone(),
        key_source: target.key_source.clone(),
        timeouts: connection.timeouts,
        certificates: connection.certificates.clone(),
        proxy: target.proxy.clone(),
    })
    .map_err(TargetError::from)?;
    let patience = connection.retry.total;
    let preflight = async {
        match purpose {
            Use::Import => preflight(&client, patience).await,
            Use::Existing => preflight_reading(&client, patience).await,
        }
    };
    let Capabilities { batch } = tokio::select! {
        capabilities = preflight => capabilities?,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
    };
    Ok(Arc::new(AdminCalls::new(client, batch, Pace::new(&connection.pace), connection.retry)))
}

/// Does a job at the target; the embedded one lives as long as that takes.
pub(super) async fn at_target(
    settings: &TargetSettings,
    job: impl AsyncFnOnce(Target) -> Result<ExitStatus, ImportError>,
) -> Result<ExitStatus, ImportError> {
    match settings {
        TargetSettings::Sandbox(database) => {
            let (sandbox, target) = start_sandbox(database).await?;
            let status = job(target).await;
            sandbox.shutdown().await;
            status
        }
        TargetSettings::Real { base_url, secret_key, key_source, proxy } => {
            job(Target::new(base_url.clone(), secret_key.clone(), key_source.clone(), proxy.clone())).await
        }
    }
}

/// A key that nobody can guess.
pub(super) fn random_key() -> String {
    format!("sk_test_{}", uuid::Uuid::new_v4().simple())
}

/// Starts the embedded target over this database.
async fn start_sandbox(database: &Path) -> Result<(RunningSandbox, Target), ImportError> {
    // The key lives as long as this process and is known to nobody else.
    let secret_key = SecretString::from(random_key());
    let sandbox = sandbox::start_for(database.to_path_buf(), secret_key.clone()).await?;
    let base_url = sandbox.base_url().parse().map_err(|_| {
        let source = io::Error::other("the sandbox's own address is not usable");
        ImportError::Write { path: database.to_path_buf(), source }
    })?;
    let path = std::path::absolute(database).unwrap_or_else(|_| database.to_path_buf());
    let name = format!("sandbox:{}", path.display());
    let sandbox_database = Some(database.display().to_string());
    let target =
        Target { name, base_url, secret_key, key_source: KeySource::Given(None), proxy: None, sandbox_database };
    Ok((sandbox, target))
}
