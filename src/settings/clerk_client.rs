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
    let (rate, at_once) = match typed {
        Some(typed) => (typed, NonZeroU32::MIN),
        None => (RateChoice::Fixed(Rate::per_minute(key_kind.requests_per_minute())), key_kind.requests_at_once()),
    };
    PaceRules {
        rate: RateRules::new(rate, None, None, at_once),
        concurrency: ConcurrencyRules::new(Some(MOST_AT_ONCE)),
        items: 1,
        bytes: 1,
        patience,
        timer: Timer::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::pace::{PaceGate, PaceSignal, RequestResult};

    /// How many requests a minute sees if the machine is held up for this long after every hundredth one, and how many there are in
    /// ten seconds at the most.
    async fn of_a_minute(key_kind: ClerkKeyKind, held_up: Duration) -> (usize, usize) {
        let pace =
            PaceGate::new(&PaceRules { timer: Timer::Tokio, ..clerk_pace(None, key_kind, Duration::from_mins(1)) });
        let (start, mut all, mut most, mut last) = (Instant::now(), 0, 0, VecDeque::new());
        while start.elapsed() < Duration::from_mins(1) {
            let mut permit = pace.admit().await;
            permit.depart().await;
            permit.finish(&PaceSignal::of(RequestResult::Granted));
            let now = Instant::now();
            last.push_back(now);
            while last.front().is_some_and(|first| now.duration_since(*first) >= Duration::from_secs(10)) {
                last.pop_front();
            }
            (all, most) = (all + 1, most.max(last.len()));
            if all % 100 == 0 {
                sleep(held_up).await;
            }
        }
        (all, most)
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_is_held_up_uses_the_limit_of_a_production_key_and_never_more() {
        for milliseconds in [0, 30, 80] {
            let (requests, most) = of_a_minute(ClerkKeyKind::Production, Duration::from_millis(milliseconds)).await;
            assert!(requests >= 5_820 && most <= 1_000, "{milliseconds} ms: {requests} in a minute, {most} in 10 s");
        }
    }
}
