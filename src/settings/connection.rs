//! How a target is reached, and how fast.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::{Environment, SettingsError, shard};
use crate::cli::{CACERT, CONCURRENCY, ConnectionOptions, RATE, RateOptions, RunOptions};
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
    /// Resolves what was typed for a run; a shard gets its part of the rate.
    pub(super) fn of_run(
        options: &RunOptions,
        shard: Option<Shard>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let mut connection = Self::resolve(&options.rate, &options.connection, shard, environment)?;
        let concurrency = environment.or_variable(options.concurrency, CONCURRENCY)?;
        let pace = &mut connection.pace;
        pace.concurrency = concurrency.unwrap_or(pace.concurrency);
        pace.items = options.batch_size.unwrap_or(pace.items);
        pace.bytes = options.batch_bytes.unwrap_or(pace.bytes);
        Ok(connection)
    }

    /// Resolves what was typed; a shard gets its part of the rate.
    pub(super) fn resolve(
        typed: &RateOptions,
        options: &ConnectionOptions,
        shard: Option<Shard>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let rate = environment.or_variable(typed.rate, RATE)?.unwrap_or_default();
        let rules = RateRules::new(rate, typed.rate_min, typed.rate_max, typed.burst.unwrap_or(NonZeroU32::MIN));
        let pace = PaceRules {
            rate: shard::share(rules, shard),
            concurrency: ConcurrencyRules::new(None),
            items: DEFAULT_BATCH_SIZE,
            bytes: DEFAULT_BATCH_BYTES,
            patience: patience(options.max_wait),
            timer: Timer::default(),
        };
        Ok(Self {
            rate,
            pace,
            timeouts: timeouts(options.connect_timeout, options.request_timeout),
            certificates: certificates(options, environment)?,
            retry: retry(options.max_wait),
        })
    }
}

/// How long something that fails is tried again, by `--max-wait` in seconds.
pub(super) fn patience(max_wait: Option<u64>) -> Duration {
    max_wait.map_or(RetryBudget::default().total, Duration::from_secs)
}

/// How often and how long one request is tried, by `--max-wait` in seconds.
pub(super) fn retry(max_wait: Option<u64>) -> RetryBudget {
    RetryBudget { total: patience(max_wait), ..RetryBudget::default() }
}

/// How long connecting and a request may take, by `--connect-timeout` and `--request-timeout` in seconds.
pub(super) fn timeouts(connect: Option<NonZeroU32>, request: Option<NonZeroU32>) -> Timeouts {
    let seconds = |count: NonZeroU32| Duration::from_secs(count.get().into());
    let default = Timeouts::default();
    Timeouts { connect: connect.map_or(default.connect, seconds), request: request.map_or(default.request, seconds) }
}

/// The file with further certificates to trust.
pub(super) fn certificates(
    options: &ConnectionOptions,
    environment: &Environment,
) -> Result<Option<PathBuf>, SettingsError> {
    environment.or_variable(options.cacert.clone(), CACERT)
}
