//! How a target is reached, and how fast.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::{Environment, SettingsError, shard};
use crate::cli::{CACERT, CONCURRENCY, RATE, RunOptions};
use crate::http::Timeouts;
use crate::pace::{ConcurrencyRules, PaceRules, RateChoice, RateRules, RetryBudget, Timer};
use crate::source::Shard;

/// Users in one request. Larger ones gain little and lose more when they fail.
const DEFAULT_BATCH_SIZE: usize = 500;

/// Bytes in one request.
const DEFAULT_BATCH_BYTES: usize = 1024 * 1024;

/// How a target is reached, and how fast.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What `--rate` says.
    pub rate: RateChoice,
    /// How fast it may go.
    pub pace: PaceRules,
    /// How long the target may take.
    pub timeouts: Timeouts,
    /// Further certificates to trust, a PEM file.
    pub certificates: Option<PathBuf>,
    /// How often and how long one batch is tried.
    pub retry: RetryBudget,
}

impl Connection {
    /// Resolves what was typed; a shard gets its part of the rate.
    pub(super) fn resolve(
        options: &RunOptions,
        shard: Option<Shard>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let rate = environment.or_variable(options.rate, RATE)?.unwrap_or_default();
        let concurrency = environment.or_variable(options.concurrency, CONCURRENCY)?;
        let rules = RateRules::new(rate, options.rate_min, options.rate_max, options.burst.unwrap_or(NonZeroU32::MIN));
        let pace = PaceRules {
            rate: shard::share(rules, shard),
            concurrency: concurrency.unwrap_or(ConcurrencyRules::new(None)),
            items: options.batch_size.unwrap_or(DEFAULT_BATCH_SIZE),
            bytes: options.batch_bytes.unwrap_or(DEFAULT_BATCH_BYTES),
            patience: patience(options),
            timer: Timer::default(),
        };
        Ok(Self {
            rate,
            pace,
            timeouts: timeouts(options),
            certificates: certificates(options, environment)?,
            retry: RetryBudget { total: patience(options), ..RetryBudget::default() },
        })
    }
}

/// How long something that fails is tried again.
pub(super) fn patience(options: &RunOptions) -> Duration {
    options.max_wait.map_or(RetryBudget::default().total, Duration::from_secs)
}

/// How long connecting and a request may take.
pub(super) fn timeouts(options: &RunOptions) -> Timeouts {
    let seconds = |count: NonZeroU32| Duration::from_secs(count.get().into());
    let default = Timeouts::default();
    Timeouts {
        connect: options.connect_timeout.map_or(default.connect, seconds),
        request: options.request_timeout.map_or(default.request, seconds),
    }
}

/// The file with further certificates to trust.
pub(super) fn certificates(options: &RunOptions, environment: &Environment) -> Result<Option<PathBuf>, SettingsError> {
    environment.or_variable(options.cacert.clone(), CACERT)
}
