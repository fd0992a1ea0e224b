//! A token bucket for each key.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

/// Requests that a key may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Per second, in the long run.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

impl Default for RateLimit {
    /// The limit of the contract: 50 requests a second, 100 at once.
    fn default() -> Self {
        Self { per_second: 50, burst: 100 }
    }
}

/// What the rate limit decides about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateAllowance {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    /// The time until the next token if the request is refused, or until the bucket is full.
    pub reset: Duration,
}

impl RateAllowance {
    /// What an answer says about it.
    pub(super) fn headers(&self) -> HeaderMap {
        let seconds = self.reset.as_secs_f64().ceil().max(1.0);
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.remaining));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds, and positive")]
        let seconds = HeaderValue::from(seconds as u64);
        headers.insert("x-ratelimit-reset", seconds.clone());
        if !self.allowed {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        headers
    }
}

/// The bucket that all applications share which exchange codes: nobody knows who they are before they have proven it.
pub(super) const APPLICATIONS: usize = usize::MAX;

/// The buckets of all keys.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: RateLimit,
    buckets: HashMap<usize, (f64, Instant)>,
}

impl RateLimiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: HashMap::new() }
    }

    /// Takes a token from the bucket of the key with this index, if the bucket has one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tokens lie between 0 and the burst")]
    pub(super) fn take(&mut self, key: usize, now: Instant) -> RateAllowance {
        let (rate, burst) = (f64::from(self.limit.per_second), f64::from(self.limit.burst));
        let (tokens, last) = self.buckets.entry(key).or_insert((burst, now));
        *tokens = (*tokens + now.duration_since(*last).as_secs_f64() * rate).min(burst);
        *last = now;
        let allowed = *tokens >= 1.0;
        let missing = if allowed {
            *tokens -= 1.0;
            burst - *tokens
        } else {
            1.0 - *tokens
        };
        RateAllowance {
            allowed,
            limit: self.limit.burst,
            remaining: *tokens as u32,
            reset: Duration::from_secs_f64(missing / rate.max(0.001)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let mut limiter = RateLimiter::new(RateLimit { per_second: 10, burst: 2 });
        let start = Instant::now();
        assert!(limiter.take(0, start).allowed);
        assert_eq!(limiter.take(0, start).remaining, 0);
        let refused = limiter.take(0, start);
        assert!(!refused.allowed && refused.reset == Duration::from_millis(100), "{refused:?}");
        assert!(limiter.take(1, start).allowed, "another key has a bucket of its own");
        assert!(limiter.take(0, start + Duration::from_millis(100)).allowed);
        let full = limiter.take(0, start + Duration::from_mins(1));
        assert_eq!((full.allowed, full.remaining), (true, 1), "never more than the burst");
    }
}
