//! Which target.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::environment::KeyVariables;
use super::kratos_target::{KratosChoice, OF_KRATOS};
use super::{Environment, SettingsError};
use crate::avnology::DEFAULT_BASE_URL;
use crate::cli::{AvnologyTargetArguments, BASE_URL, TargetArguments};
use crate::http::{BaseUrl, BaseUrlError, KeySource, Proxy};
use crate::journal::KratosRecord;

/// What the record of a run puts before the database of the embedded target.
const OF_SANDBOX: &str = "sandbox:";

/// Which target.
#[derive(Clone, Debug)]
pub enum TargetSettings {
    /// An embedded Avnology ID over this database.
    Sandbox(PathBuf),
    /// A real one.
    Real {
        /// Its address.
        base_url: BaseUrl,
        /// The admin key.
        secret_key: SecretString,
        /// Where it comes from, so that it can be read again when the target does not take it any more.
        key_source: KeySource,
        /// The proxy on the way to it.
        proxy: Option<Arc<Proxy>>,
    },
    /// An Ory Kratos.
    Kratos {
        /// The address of its admin API.
        base_url: BaseUrl,
        /// What has to be known of it beside that.
        choice: KratosChoice,
        /// The token for the gateway before it; it has no authentication of its own.
        token: Option<SecretString>,
        /// Where the token comes from.
        key_source: KeySource,
        /// The proxy on the way to it.
        proxy: Option<Arc<Proxy>>,
        /// The proxies on the way to the two ports of the Keto beside it: the one where tuples are read, and the other.
        keto_proxies: [Option<Arc<Proxy>>; 2],
    },
}

impl TargetSettings {
    /// The target that was typed.
    pub(super) fn resolve(arguments: TargetArguments, environment: &Environment) -> Result<Self, SettingsError> {
        if arguments.sandbox {
            return Ok(Self::Sandbox(arguments.sandbox_db));
        }
        let kratos = KratosChoice::of(&arguments)?;
        let base_url = match environment.or_variable(arguments.base_url, BASE_URL)? {
            Some(base_url) => base_url,
            None if kratos.is_some() => return Err(SettingsError::NoKratosAddress),
            None => default_base_url()?,
        };
        match kratos {
            Some(choice) => Self::kratos(base_url, choice, environment),
            None => Self::real(base_url, environment),
        }
    }

    /// The Avnology ID that was typed.
    pub(super) fn of_avnology(
        arguments: AvnologyTargetArguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        if arguments.sandbox {
            return Ok(Self::Sandbox(arguments.sandbox_db));
        }
        match environment.or_variable(arguments.base_url, BASE_URL)? {
            Some(base_url) => Self::real(base_url, environment),
            None => Self::real(default_base_url()?, environment),
        }
    }

    /// What runs call it and its lock; nothing of an embedded one, which is only there while a run is.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Sandbox(_) => None,
            Self::Real { base_url, .. } => Some(base_url.to_string()),
            Self::Kratos { base_url, .. } => Some(format!("{OF_KRATOS}{base_url}")),
        }
    }

    /// The target of a run, as its record has it; or what is wrong with the record.
    pub(super) fn of_record(
        target: &str,
        kratos: Option<&KratosRecord>,
        wrong: impl FnOnce(String) -> SettingsError,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        if let Some(database) = target.strip_prefix(OF_SANDBOX) {
            return Ok(Self::Sandbox(PathBuf::from(database)));
        }
        if let (Some(address), Some(record)) = (target.strip_prefix(OF_KRATOS), kratos) {
            return match (address.parse(), KratosChoice::of_record(record)) {
                (Ok(base_url), Ok(choice)) => Self::kratos(base_url, choice, environment),
                (Err(error), _) => Err(wrong(error.to_string())),
                (_, Err(problem)) => Err(wrong(problem)),
            };
        }
        let base_url = target.parse().map_err(|error: BaseUrlError| wrong(error.to_string()))?;
        Self::real(base_url, environment)
    }

    fn real(base_url: BaseUrl, environment: &Environment) -> Result<Self, SettingsError> {
        let key_source = environment.key_source(KeyVariables::ADMIN);
        let secret_key = environment.checked_key(&key_source, KeyVariables::ADMIN)?.ok_or(SettingsError::NoKey)?;
        let proxy = environment.proxy(&base_url)?.map(Arc::new);
        Ok(Self::Real { base_url, secret_key, key_source, proxy })
    }

    fn kratos(base_url: BaseUrl, choice: KratosChoice, environment: &Environment) -> Result<Self, SettingsError> {
        let key_source = environment.key_source(KeyVariables::KRATOS);
        let token = environment.checked_key(&key_source, KeyVariables::KRATOS)?;
        let proxy = |url: &BaseUrl| environment.proxy(url).map(|proxy| proxy.map(Arc::new));
        let keto_proxies = match &choice.keto {
            Some(keto) => [proxy(&keto.read)?, proxy(&keto.write)?],
            None => [None, None],
        };
        let proxy = proxy(&base_url)?;
        Ok(Self::Kratos { base_url, choice, token, key_source, proxy, keto_proxies })
    }

    /// What has to be known of it, if it is a Kratos.
    pub(super) fn kratos_choice(&self) -> Option<&KratosChoice> {
        match self {
            Self::Kratos { choice, .. } => Some(choice),
            Self::Sandbox(_) | Self::Real { .. } => None,
        }
    }
}

/// The address that is asked when none is named.
fn default_base_url() -> Result<BaseUrl, SettingsError> {
    let wrong = |error: BaseUrlError| SettingsError::Variable { name: "AVNOLOGY_BASE_URL", problem: error.to_string() };
    DEFAULT_BASE_URL.parse().map_err(wrong)
}
