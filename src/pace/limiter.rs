//! A limiter for requests: governor, at a rate that can change, on tokio's clock.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::ignore::ignore;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// How late a timer may be.
const LATENESS: Duration = Duration::from_millis(4);

/// The longest burst at a slow rate, in nanoseconds: a century.
const MOST_NANOSECONDS: u64 = 100 * 366 * 86_400 * 1_000_000_000;

/// tokio's clock, which tests can pause.
#[derive(Clone, Debug)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

type Governor = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Lets requests pass at a rate.
#[derive(Debug)]
pub(super) struct Limiter {
    clock: TokioClock,
    burst: NonZeroU32,
    governor: Governor,
    set_to: f64,
    /// A new rate that begins when the next request has passed.
    change: Option<f64>,
}

impl Limiter {
    /// A limiter for this many requests a second. After a pause, `burst` requests may pass at once.
    pub(super) fn new(rate: f64, burst: NonZeroU32) -> Self {
        let clock = TokioClock { start: Instant::now() };
        Self { governor: governor(rate, burst, &clock), clock, burst, set_to: rate, change: None }
    }

    /// Changes the rate. The change begins after the next request.
    pub(super) fn set_rate(&mut self, rate: f64) {
        if (rate / self.set_to - 1.0).abs() > 1e-6 {
            self.set_to = rate;
            self.change = Some(rate);
        }
    }

    /// A request passed without regard to the rate. The next one waits a whole interval.
    pub(super) fn passed(&mut self) {
        self.change = None;
        self.restart(self.set_to);
    }

    fn restart(&mut self, rate: f64) {
        self.governor = governor(rate, self.burst, &self.clock);
        // Count the current request against the new governor. Otherwise each change of the rate would allow one more burst.
        ignore(self.governor.check_n(allowed(rate, self.burst)), "a new governor has room for a burst");
    }

    /// Lets one request pass, or returns how long it has to wait.
    pub(super) fn check(&mut self) -> Result<(), Duration> {
        self.governor.check().map_err(|until| until.wait_time_from(self.clock.now()))?;
        if let Some(rate) = self.change.take() {
            self.restart(rate);
        }
        Ok(())
    }
}

/// Timers are late by a millisecond or two. That must not lower the rate, so requests may catch up by this much.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn allowed(rate: f64, burst: NonZeroU32) -> NonZeroU32 {
    burst.saturating_add((rate * LATENESS.as_secs_f64()).ceil() as u32)
}

fn governor(rate: f64, burst: NonZeroU32, clock: &TokioClock) -> Governor {
    // Nothing is sent faster than one request a nanosecond, and no floor is slower than one an hour.
    let period = Duration::from_secs_f64((1.0 / rate).clamp(1e-9, 3600.0));
    // governor counts in nanoseconds, and a whole burst must fit into the count.
    let most = MOST_NANOSECONDS / u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(1);
    let most = NonZeroU32::new(u32::try_from(most).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX));
    let quota = quota.allow_burst(allowed(rate, burst).min(most));
    RateLimiter::direct_with_clock(quota, clock.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_burst_is_too_large_for_any_rate() {
        let mut limiter = Limiter::new(1.0 / 60.0, NonZeroU32::MAX);
        assert!(limiter.check().is_ok());
    }
}
