//! The way to Clerk's API, and how fast.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::environment::KeyVariables;
use super::{Environment, SettingsError};
use crate::clerk_api::{ClerkKeyKind, DEFAULT_CLERK_URL};
use crate::cli::CLERK_URL;
use crate::export::MOST_AT_ONCE;
use crate::http::{BaseUrl, BaseUrlError, ClientOptions, Timeouts};
use crate::pace::{ConcurrencyRules, PaceRules, Rate, RateChoice, RateRules, Timer};

/// What is said about the way to Clerk's API.
pub(super) struct ClerkClientChoice {
    pub url: Option<BaseUrl>,
    pub timeouts: Timeouts,
    pub certificates: Option<PathBuf>,
}

impl ClerkClientChoice {
    /// With the key and the proxy of the environment; and the kind of the key.
    pub(super) fn resolve(self, environment: &Environment) -> Result<(ClientOptions, ClerkKeyKind), SettingsError> {
        let Self { url, timeouts, certificates } = self;
        let base_url = match environment.or_variable(url, CLERK_URL)? {
            Some(base_url) => base_url,
            None => DEFAULT_CLERK_URL.parse().map_err(|error: BaseUrlError| SettingsError::Variable {
                name: "CLERK_API_URL",
                problem: error.to_string(),
            })?,
        };
        let key_source = environment.key_source(KeyVariables::CLERK);
        let secret_key = environment.checked_key(&key_source, KeyVariables::CLERK)?.ok_or(SettingsError::NoClerkKey)?;
        let proxy = environment.proxy(&base_url)?.map(Arc::new);
        let key_kind = ClerkKeyKind::of(&secret_key);
        let secret_key = Some(secret_key);
        Ok((ClientOptions { base_url, secret_key, key_source, timeouts, certificates, proxy }, key_kind))
    }
}

/// How fast the API is asked: just below its limit for this kind of key, unless a rate was typed.
pub(super) fn clerk_pace(typed: Option<RateChoice>, key_kind: ClerkKeyKind, patience: Duration) -> PaceRules {
    let rate = typed.unwrap_or(RateChoice::Fixed(Rate::per_minute(key_kind.requests_per_minute())));
    PaceRules {
        rate: RateRules::new(rate, None, None, NonZeroU32::MIN),
        concurrency: ConcurrencyRules::new(Some(MOST_AT_ONCE)),
        items: 1,
        bytes: 1,
        patience,
        timer: Timer::default(),
    }
}
