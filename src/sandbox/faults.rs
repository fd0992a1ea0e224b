//! Faults on purpose, for tests: before a call takes effect, and after.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// One kind of fault, as `--fault` names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// `latency=10ms..200ms`: a delay before each answer.
    Latency {
        /// The shortest delay.
        least: Duration,
        /// The longest delay.
        most: Duration,
    },
    /// `status=503:0.1[:retry-after=1]`: answers with this status, with this probability, before the call takes effect.
    Status {
        /// The HTTP status.
        status: u16,
        /// From 0 to 1.
        probability: f64,
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// `reset-before=0.05`: closes the connection without an answer, before the call takes effect.
    ResetBefore(f64),
    /// `reset-after=0.05`: closes the connection without an answer, after the call took effect.
    ResetAfter(f64),
    /// `reset-during=0.05`: sends half of the answer, after the call took effect.
    ResetDuring(f64),
    /// `garbage=0.05`: answers with an HTML page and status 200, after the call took effect.
    Garbage(f64),
    /// `slow-body=0.1:2s`: the answer takes this long.
    SlowBody {
        /// From 0 to 1.
        probability: f64,
        /// From its first byte to its last.
        over: Duration,
    },
    /// `storm=429:2s/10s`: in the first 2 s of every 10 s each answer has this status; `storm-bare` sends no `Retry-After`.
    Storm {
        /// The HTTP status.
        status: u16,
        /// How long each storm lasts.
        lasting: Duration,
        /// The time from the beginning of one storm to the next.
        every: Duration,
        /// No `Retry-After`.
        bare: bool,
    },
    /// `item-error=0.01`: single items of a batch fail with a code that may be retried.
    ItemError(f64),
    /// `outage-after=100:5s`: after this many calls the sandbox closes every connection, for this long.
    OutageAfter {
        /// How many calls are answered before the outage.
        calls: u64,
        /// How long it lasts.
        lasting: Duration,
    },
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no fault; see --help of `avnology sandbox`");
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let fault = match name {
            "latency" => {
                let (least, most) = value.split_once("..").unwrap_or((value, value));
                Some(
                    duration(least)
                        .zip(duration(most))
                        .map(|(least, most)| Self::Latency { least, most: most.max(least) }),
                )
            }
            "status" => Some(status(value)),
            "reset-before" => Some(probability(value).map(Self::ResetBefore)),
            "reset-after" => Some(probability(value).map(Self::ResetAfter)),
            "reset-during" => Some(probability(value).map(Self::ResetDuring)),
            "garbage" => Some(probability(value).map(Self::Garbage)),
            "item-error" => Some(probability(value).map(Self::ItemError)),
            "slow-body" => Some(value.split_once(':').and_then(|(chance, over)| {
                Some(Self::SlowBody { probability: probability(chance)?, over: duration(over)? })
            })),
            "storm" => Some(storm(value, false)),
            "storm-bare" => Some(storm(value, true)),
            "outage-after" => Some(value.split_once(':').and_then(|(calls, lasting)| {
                Some(Self::OutageAfter { calls: calls.parse().ok()?, lasting: duration(lasting)? })
            })),
            _ => None,
        };
        fault.flatten().ok_or_else(wrong)
    }
}

fn probability(text: &str) -> Option<f64> {
    text.parse().ok().filter(|chance| (0.0..=1.0).contains(chance))
}

/// The longest time of a fault. Nobody waits longer, and a clock cannot go on by any number of seconds.
const LONGEST: Duration = Duration::from_hours(24);

/// `250ms` or `2s`.
fn duration(text: &str) -> Option<Duration> {
    let duration = match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    };
    duration.filter(|duration| *duration <= LONGEST)
}

fn http_status(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (200..=599).contains(status))
}

fn status(text: &str) -> Option<Fault> {
    let mut parts = text.split(':');
    let (status, chance) = (http_status(parts.next()?)?, probability(parts.next()?)?);
    let retry_after = match parts.next() {
        Some(header) => Some(header.strip_prefix("retry-after=")?.parse().ok()?),
        None => None,
    };
    parts.next().is_none().then_some(Fault::Status { status, probability: chance, retry_after })
}

fn storm(text: &str, bare: bool) -> Option<Fault> {
    let (status, times) = text.split_once(':')?;
    let (lasting, every) = times.split_once('/')?;
    let (lasting, every) = (duration(lasting)?, duration(every)?);
    (lasting <= every && !every.is_zero()).then_some(Fault::Storm {
        status: http_status(status)?,
        lasting,
        every,
        bare,
    })
}

/// The faults of a sandbox, and the random numbers that decide about each call.
#[derive(Debug)]
pub struct Faults {
    faults: Vec<Fault>,
    state: Mutex<FaultsState>,
}

#[derive(Debug)]
struct FaultsState {
    dice: fastrand::Rng,
    started: Instant,
    calls: u64,
    outage_until: Option<Instant>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(Vec::new(), 0)
    }
}

/// What will go wrong with one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct CallPlan {
    /// How long to wait before anything else.
    pub latency: Duration,
    /// What happens instead of the call.
    pub instead: Option<Instead>,
    /// What happens to its answer.
    pub afterwards: Option<Afterwards>,
    /// How likely each item is to fail.
    pub item_fault: f64,
}

/// What happens instead of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// The connection closes.
    Close,
    /// This status, perhaps with a `Retry-After`.
    Status(u16, Option<u64>),
}

/// What happens to the answer of a call that took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// The connection closes without an answer.
    Close,
    /// The answer breaks off in the middle.
    BreakOff,
    /// An HTML page replaces the answer.
    Garbage,
    /// The answer takes this long.
    Slow(Duration),
}

impl Faults {
    /// A sandbox with these faults. The same seed gives the same sequence of decisions.
    pub fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let dice = fastrand::Rng::with_seed(seed);
        Self { faults, state: Mutex::new(FaultsState { dice, started: Instant::now(), calls: 0, outage_until: None }) }
    }

    /// Decides about the next call. The first fault before the call counts, and the first one after it.
    pub(super) fn plan(&self, now: Instant) -> CallPlan {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls += 1;
        let mut plan = CallPlan::default();
        for fault in &self.faults {
            state.decide(*fault, now, &mut plan);
        }
        plan
    }
}

impl FaultsState {
    fn decide(&mut self, fault: Fault, now: Instant, plan: &mut CallPlan) {
        let mut strikes = |chance: f64| self.dice.f64() < chance;
        let (instead, afterwards) = match fault {
            Fault::Latency { least, most } => {
                plan.latency = least + most.saturating_sub(least).mul_f64(self.dice.f64());
                (None, None)
            }
            Fault::ItemError(chance) => {
                plan.item_fault = chance;
                (None, None)
            }
            Fault::Status { status, probability, retry_after } => {
                (strikes(probability).then_some(Instead::Status(status, retry_after)), None)
            }
            Fault::ResetBefore(chance) => (strikes(chance).then_some(Instead::Close), None),
            Fault::ResetAfter(chance) => (None, strikes(chance).then_some(Afterwards::Close)),
            Fault::ResetDuring(chance) => (None, strikes(chance).then_some(Afterwards::BreakOff)),
            Fault::Garbage(chance) => (None, strikes(chance).then_some(Afterwards::Garbage)),
            Fault::SlowBody { probability, over } => (None, strikes(probability).then_some(Afterwards::Slow(over))),
            Fault::Storm { status, lasting, every, bare } => {
                let phase = now.duration_since(self.started).as_secs_f64() % every.as_secs_f64();
                let rages = phase < lasting.as_secs_f64();
                (rages.then_some(Instead::Status(status, (!bare).then_some(1))), None)
            }
            Fault::OutageAfter { calls, lasting } => {
                if self.calls - 1 == calls {
                    self.outage_until = Some(now + lasting);
                }
                (self.outage_until.is_some_and(|until| now < until).then_some(Instead::Close), None)
            }
        };
        plan.instead = plan.instead.or(instead);
        plan.afterwards = plan.afterwards.or(afterwards);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read() {
        let second = Duration::from_secs(1);
        for (text, fault) in [
            ("latency=50ms", Fault::Latency { least: second / 20, most: second / 20 }),
            ("latency=10ms..1s", Fault::Latency { least: second / 100, most: second }),
            ("status=503:0.1", Fault::Status { status: 503, probability: 0.1, retry_after: None }),
            ("status=503:1:retry-after=2", Fault::Status { status: 503, probability: 1.0, retry_after: Some(2) }),
            ("reset-after=0.05", Fault::ResetAfter(0.05)),
            ("slow-body=0.1:1s", Fault::SlowBody { probability: 0.1, over: second }),
            ("storm=429:1s/10s", Fault::Storm { status: 429, lasting: second, every: second * 10, bare: false }),
            ("outage-after=7:1s", Fault::OutageAfter { calls: 7, lasting: second }),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
        for bad in [
            "",
            "latency",
            "latency=5",
            "status=99:0.1",
            "status=503",
            "reset-after=2",
            "storm=429:9s/3s",
            "outage-after=7:18446744073709551615s",
            "odd=1",
        ] {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_same_seed_decides_the_same() {
        let plans = |seed| {
            let faults = Faults::new(vec![Fault::ResetBefore(0.5), Fault::ResetAfter(0.5)], seed);
            let now = Instant::now();
            (0..50).map(|_| faults.plan(now)).collect::<Vec<_>>()
        };
        assert_eq!(plans(1), plans(1));
        assert_ne!(plans(1), plans(2));
    }

    #[test]
    fn an_outage_begins_after_its_calls_and_ends() {
        let faults = Faults::new(vec![Fault::OutageAfter { calls: 2, lasting: Duration::from_secs(5) }], 0);
        let start = Instant::now();
        let closed = |after: u64| faults.plan(start + Duration::from_secs(after)).instead == Some(Instead::Close);
        assert_eq!(
            [closed(0), closed(0), closed(1), closed(5), closed(6), closed(7)],
            [false, false, true, true, false, false]
        );
    }
}
