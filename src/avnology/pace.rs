//! One pace for all senders: a quota that governor keeps, and a pause that everybody observes.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

/// Requests for each second or minute, as in `50/s` or `600/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    per: Duration,
}

impl Rate {
    /// The contract's own quota: 50 requests a second for each key.
    pub const DEFAULT: Self = Self { requests: NonZeroU32::new(50).unwrap(), per: Duration::from_secs(1) };

    /// Requests a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.requests.get()) / self.per.as_secs_f64()
    }

    /// The time from one request to the next.
    fn interval(self) -> Duration {
        self.per / self.requests.get()
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "expected a number of requests for each second or minute, such as `50/s` or `600/m`".to_owned();
        let (requests, unit) = text.split_once('/').ok_or_else(wrong)?;
        let requests = requests.trim().parse().map_err(|_| wrong())?;
        let per = match unit.trim() {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            _ => return Err(wrong()),
        };
        Ok(Self { requests, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.requests, if self.per == Duration::from_secs(1) { "s" } else { "m" })
    }
}

/// The pace that all senders share.
#[derive(Debug)]
pub struct Pace {
    limiter: DefaultDirectRateLimiter,
    resume_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// Spreads requests evenly: a burst would use up what the target allows to others with the same quota.
    pub fn new(rate: Rate) -> Self {
        let quota = Quota::with_period(rate.interval()).unwrap_or(Quota::per_second(NonZeroU32::MAX));
        Self { limiter: RateLimiter::direct(quota), resume_at: Mutex::new(None) }
    }

    /// Waits for a turn to send one request.
    pub async fn turn(&self) {
        loop {
            self.limiter.until_ready().await;
            // The pause may have begun while this sender waited for its turn.
            match self.resume_at().filter(|at| *at > Instant::now()) {
                Some(at) => tokio::time::sleep_until(at).await,
                None => return,
            }
        }
    }

    /// Makes every sender wait. Of several pauses the longest holds.
    pub fn pause(&self, duration: Duration) {
        let until = Instant::now() + duration;
        let mut resume_at = self.resume_at.lock().unwrap_or_else(PoisonError::into_inner);
        *resume_at = Some(resume_at.map_or(until, |at| at.max(until)));
    }

    fn resume_at(&self) -> Option<Instant> {
        *self.resume_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown() {
        for text in ["50/s", "600/m", "1/m"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("600/m".parse::<Rate>().unwrap().interval(), Duration::from_millis(100));
        for bad in ["", "50", "0/s", "-1/s", "50/h", "1.5/s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_pause_holds_every_sender_and_the_longest_one_wins() {
        let pace = Pace::new("1000/s".parse().unwrap());
        let start = Instant::now();
        pace.pause(Duration::from_millis(120));
        pace.pause(Duration::from_millis(10));
        futures::future::join(pace.turn(), pace.turn()).await;
        assert!(start.elapsed() >= Duration::from_millis(120), "{:?}", start.elapsed());
    }
}
