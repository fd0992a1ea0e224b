//! The settings of an export from Clerk's API.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::connection::{patience, retry, timeouts};
use super::environment::KeyVariables;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::{Environment, SettingsError};
use crate::clerk_api::{ClerkKeyKind, DEFAULT_CLERK_URL};
use crate::cli::{CACERT, CLERK_URL, ExportArguments};
use crate::export::{ExportDirectory, ExportError, Kind, Plan, SinceArgument};
use crate::http::{BaseUrlError, ClientOptions};
use crate::pace::{ConcurrencyRules, PaceRules, Rate, RateChoice, RateRules, RetryBudget, Timer};

/// All that an export needs to know.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// What is wanted.
    pub plan: Plan,
    /// Where it goes.
    pub directory: ExportDirectory,
    /// Whether an export that is there already is deleted.
    pub new: bool,
    /// How the API is reached.
    pub client: ClientOptions,
    /// How fast it may go.
    pub pace: PaceRules,
    /// How often and how long one request is tried.
    pub retry: RetryBudget,
    /// Where its output goes.
    pub output: OutputSettings,
}

impl ExportSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: ExportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let (client, key_kind) = client(&arguments, environment)?;
        let ExportArguments { out, only, since, deleted, compress, new, clerk_rate, max_wait, .. } = arguments;
        let kinds = Kind::ALL.into_iter().filter(|kind| only.is_empty() || only.contains(kind)).collect();
        let files = NamedFiles::new(&output).certificates(client.certificates.as_deref());
        files.check(&out, environment)?;
        if let Some(path) = deleted.iter().find(|earlier| is_same_directory(earlier, &out)).cloned() {
            // --new would delete it.
            return Err(ExportError::Earlier { path, problem: "this export goes there (--out)".to_owned() }.into());
        }
        Ok(Self {
            plan: Plan { kinds, since: since.map(SinceArgument::resolve).transpose()?, deleted, compression: compress },
            directory: ExportDirectory::new(out),
            new,
            client,
            pace: pace(clerk_rate, key_kind, patience(max_wait)),
            retry: retry(max_wait),
            output,
        })
    }
}

fn is_same_directory(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// How Clerk is reached, and the kind of the key.
fn client(
    arguments: &ExportArguments,
    environment: &Environment,
) -> Result<(ClientOptions, ClerkKeyKind), SettingsError> {
    let base_url = match environment.or_variable(arguments.clerk_url.clone(), CLERK_URL)? {
        Some(base_url) => base_url,
        None => DEFAULT_CLERK_URL.parse().map_err(|error: BaseUrlError| SettingsError::Variable {
            name: "CLERK_API_URL",
            problem: error.to_string(),
        })?,
    };
    let key_source = environment.key_source(KeyVariables::CLERK);
    let secret_key = environment.checked_key(&key_source, KeyVariables::CLERK)?.ok_or(SettingsError::NoClerkKey)?;
    let key_kind = ClerkKeyKind::of(&secret_key);
    let options = ClientOptions {
        proxy: environment.proxy(&base_url)?.map(Arc::new),
        base_url,
        secret_key: Some(secret_key),
        key_source,
        timeouts: timeouts(arguments.connect_timeout, arguments.request_timeout),
        certificates: environment.or_variable(arguments.cacert.clone(), CACERT)?,
    };
    Ok((options, key_kind))
}

fn pace(typed: Option<RateChoice>, key_kind: ClerkKeyKind, patience: Duration) -> PaceRules {
    let rate = typed.unwrap_or(RateChoice::Fixed(Rate::per_minute(key_kind.requests_per_minute())));
    PaceRules {
        rate: RateRules::new(rate, None, None, NonZeroU32::MIN),
        // Each page is asked for when the one before it is there.
        concurrency: ConcurrencyRules::new(Some(1)),
        items: 1,
        bytes: 1,
        patience,
        timer: Timer::default(),
    }
}
