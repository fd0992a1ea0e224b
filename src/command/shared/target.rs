//! Where identities go: Avnology ID, the embedded one, or Ory's Kratos and Keto.

pub(in crate::command) mod earlier_identity;
pub(in crate::command) mod earlier_membership;
pub(in crate::command) mod home_organization;
pub(in crate::command) mod id_maps;

use std::io;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::command_error::CommandError;
use crate::avnology::{self, AdminCalls, Capabilities, Client, KeyKind, preflight, preflight_reading};
use crate::destination::{Destination, SignIns, TargetError};
use crate::exit::ExitStatus;
use crate::http::{self, BaseUrl, ClientOptions, KeySource, Proxy};
use crate::keto::KetoCalls;
use crate::kratos::{self, KratosCalls, KratosOptions, SchemaCheck};
use crate::mapping::Rules;
use crate::pace::PaceGate;
use crate::sandbox::{self, RunningSandbox};
use crate::settings::{Connection, KetoPorts, OF_KRATOS, TargetSettings};
use crate::signal::Signals;

/// Where identities go.
pub(in crate::command) struct Target {
    /// What the run calls it: the base URL, or the sandbox's database, whose address is another one each time.
    pub name: String,
    pub base_url: BaseUrl,
    /// A Kratos may want none.
    secret_key: Option<SecretString>,
    key_source: KeySource,
    proxy: Option<Arc<Proxy>>,
    kratos: Option<Arc<KratosOptions>>,
    /// The two ports of the Keto beside it, and the proxies on the way.
    keto: Option<[(BaseUrl, Option<Arc<Proxy>>); 2]>,
    pub sandbox_database: Option<String>,
}

impl Target {
    /// What its key is for, by its beginning; nothing if it has none.
    pub(in crate::command) fn key_kind(&self) -> Option<KeyKind> {
        self.secret_key.as_ref().map(KeyKind::of)
    }
}

/// What a connection with a destination is for, which decides what the preflight may try.
#[derive(Clone, Copy, Debug)]
pub(in crate::command) enum ConnectPurpose<'a> {
    /// New identities are created there, as these rules make them of users.
    Import(&'a Rules),
    /// Nothing is created, and the question is whether identities could be, as these rules make them of users; the key may be
    /// one that can only read.
    Rehearsal(&'a Rules),
    /// What is there is read or deleted; the key may be one that can only read.
    Existing,
}

/// Makes sure that the target is there and wants us: the one way to a destination.
pub(in crate::command) async fn connect(
    target: &Target,
    connection: &Connection,
    purpose: ConnectPurpose<'_>,
    signals: &mut Signals,
) -> Result<Arc<dyn Destination>, CommandError> {
    let options = options(target, connection);
    let (budget, patience) = (connection.retry, connection.retry.total);
    let connected = async {
        let destination: Arc<dyn Destination> = if let Some(kratos) = &target.kratos {
            let client = http::HttpClient::new(&options).map_err(TargetError::from)?;
            kratos::preflight(&client, kratos, patience).await?;
            if let ConnectPurpose::Import(rules) | ConnectPurpose::Rehearsal(rules) = purpose
                && kratos::check_schema(&client, &options, kratos, rules, patience).await? == SchemaCheck::Unread
            {
                tracing::warn!(
                    "the identity schemas of Kratos cannot be read: nobody has looked whether they take what will be sent"
                );
            }
            let calls = KratosCalls::new(client, Arc::clone(kratos), PaceGate::new(&connection.pace), budget);
            Arc::new(calls.with_keto(keto_calls(target, connection)?))
        } else {
            let client = Client::new(&options).map_err(TargetError::from)?;
            let Capabilities { batch } = match purpose {
                ConnectPurpose::Import(_) => preflight(&client, patience).await?,
                ConnectPurpose::Rehearsal(_) | ConnectPurpose::Existing => preflight_reading(&client, patience).await?,
            };
            Arc::new(AdminCalls::new(client, batch, PaceGate::new(&connection.pace), budget))
        };
        Ok(destination)
    };
    tokio::select! {
        connected = connected => connected,
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
    }
}

/// The Keto beside a Kratos. It gets no key: one for the gateway before Kratos is none of its business.
fn keto_calls(target: &Target, connection: &Connection) -> Result<Option<KetoCalls>, TargetError> {
    let Some(ports) = &target.keto else { return Ok(None) };
    let client = |(base_url, proxy): &(BaseUrl, Option<Arc<Proxy>>)| {
        http::HttpClient::new(&ClientOptions {
            base_url: base_url.clone(),
            secret_key: None,
            key_source: KeySource::Given(None),
            proxy: proxy.clone(),
            ..options(target, connection)
        })
    };
    let [read, write] = ports;
    Ok(Some(KetoCalls::new(client(read)?, client(write)?, PaceGate::new(&connection.pace), connection.retry)))
}

/// A Kratos, for what only Kratos can do.
pub(in crate::command) fn kratos_calls(target: &Target, connection: &Connection) -> Result<KratosCalls, CommandError> {
    let Some(kratos) = &target.kratos else {
        let (target, reason) = (target.name.clone(), "it is no Ory Kratos".to_owned());
        return Err(TargetError::Refused { target, reason, advice: "name a run whose target is one" }.into());
    };
    let client = http::HttpClient::new(&options(target, connection)).map_err(TargetError::from)?;
    Ok(KratosCalls::new(client, Arc::clone(kratos), PaceGate::new(&connection.pace), connection.retry))
}

/// Calls of the Admin API beside those of a destination. A Kratos has no such calls.
pub(in crate::command) fn client(target: &Target, connection: &Connection) -> Result<Client, CommandError> {
    if target.kratos.is_some() {
        let (target, reason) = (target.name.clone(), "a Kratos has no organizations".to_owned());
        return Err(TargetError::Refused { target, reason, advice: "leave --organization out" }.into());
    }
    Ok(Client::new(&options(target, connection)).map_err(TargetError::from)?)
}

/// How people sign in there; at a Kratos at its public address.
pub(in crate::command) fn sign_ins(
    target: &Target,
    connection: &Connection,
    kratos_public: Option<&(BaseUrl, Option<Arc<Proxy>>)>,
) -> Result<Arc<dyn SignIns>, CommandError> {
    let (options, pace, budget) = (options(target, connection), PaceGate::new(&connection.pace), connection.retry);
    let Some((base_url, proxy)) = kratos_public else {
        return Ok(Arc::new(avnology::AvnologySignIns::new(&options, pace, budget).map_err(TargetError::from)?));
    };
    let public = ClientOptions { base_url: base_url.clone(), proxy: proxy.clone(), ..options };
    Ok(Arc::new(kratos::KratosSignIns::new(&public, &pace, budget).map_err(TargetError::from)?))
}

fn options(target: &Target, connection: &Connection) -> ClientOptions {
    ClientOptions {
        base_url: target.base_url.clone(),
        secret_key: target.secret_key.clone(),
        key_source: target.key_source.clone(),
        timeouts: connection.timeouts,
        certificates: connection.certificates.clone(),
        proxy: target.proxy.clone(),
    }
}

/// Runs a job with the target; the embedded one lives as long as that takes.
pub(in crate::command) async fn with_target(
    settings: &TargetSettings,
    job: impl AsyncFnOnce(Target) -> Result<ExitStatus, CommandError>,
) -> Result<ExitStatus, CommandError> {
    match settings {
        TargetSettings::Sandbox(database) => {
            let (sandbox, target) = start_sandbox(database).await?;
            let status = job(target).await;
            sandbox.shutdown().await;
            status
        }
        TargetSettings::Real { base_url, secret_key, key_source, proxy } => {
            let target = Target {
                name: base_url.to_string(),
                base_url: base_url.clone(),
                secret_key: Some(secret_key.clone()),
                key_source: key_source.clone(),
                proxy: proxy.clone(),
                kratos: None,
                keto: None,
                sandbox_database: None,
            };
            job(target).await
        }
        TargetSettings::Kratos { base_url, choice, token, key_source, proxy, keto_proxies } => {
            let keto = choice.keto.as_deref().cloned().map(|KetoPorts { read, write }| {
                let [read_proxy, write_proxy] = keto_proxies.clone();
                [(read, read_proxy), (write, write_proxy)]
            });
            let target = Target {
                name: format!("{OF_KRATOS}{base_url}"),
                base_url: base_url.clone(),
                secret_key: token.clone(),
                key_source: key_source.clone(),
                proxy: proxy.clone(),
                kratos: Some(Arc::clone(&choice.options)),
                keto,
                sandbox_database: None,
            };
            job(target).await
        }
    }
}

/// A key that nobody can guess.
pub(in crate::command) fn random_key() -> String {
    format!("sk_test_{}", uuid::Uuid::new_v4().simple())
}

/// Starts the embedded target over this database.
async fn start_sandbox(database: &Path) -> Result<(RunningSandbox, Target), CommandError> {
    // The key lives as long as this process and is known to nobody else.
    let secret_key = SecretString::from(random_key());
    let sandbox = sandbox::start_for(database.to_path_buf(), secret_key.clone()).await?;
    let base_url = sandbox.base_url().parse().map_err(|_| {
        let source = io::Error::other("the sandbox's own address is not usable");
        CommandError::Write { path: database.to_path_buf(), source }
    })?;
    let path = std::path::absolute(database).unwrap_or_else(|_| database.to_path_buf());
    let name = format!("sandbox:{}", path.display());
    let sandbox_database = Some(database.display().to_string());
    let target = Target {
        name,
        base_url,
        secret_key: Some(secret_key),
        key_source: KeySource::Given(None),
        proxy: None,
        kratos: None,
        keto: None,
        sandbox_database,
    };
    Ok((sandbox, target))
}
