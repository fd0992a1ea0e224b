//! What the headers of an answer say about a quota.
//!
//! They are the fields of the standard, `RateLimit` and `RateLimit-Policy`
//! (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>, drafts 03 to 10, which differ), and the older
//! family, which is more common: `X-RateLimit-Limit`, `-Remaining` and `-Reset`, the last one in seconds from now or as a
//! date.

use std::time::{Duration, SystemTime};

/// The fastest rate that is believed, in requests a second.
const FASTEST: f64 = 1e6;

/// The longest time to a reset that is believed, in seconds.
const LONGEST: f64 = 24.0 * 3600.0;

/// What a target says about its quota. It may be wrong: other clients may share the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quota {
    /// Requests a second, in the long run.
    pub rate: Option<f64>,
    /// Requests that remain until the reset.
    pub remaining: Option<u64>,
    /// The time until the reset.
    pub reset: Option<Duration>,
}

impl Quota {
    /// What is in the name of each header that says something of a quota.
    pub const IN_NAMES: &str = "rate";

    /// Reads the headers that `get` finds. `now` is the target's time, for a reset that is a date.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>, now: SystemTime) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| get(name));
        let mut quota = Self::default();
        for header in [get("ratelimit-policy"), get("ratelimit-limit"), get("x-ratelimit-limit")].into_iter().flatten()
        {
            for policy in items(header) {
                quota.policy(&policy);
            }
        }
        if let Some(header) = get("ratelimit") {
            // An early draft had one item for all: `limit=100, remaining=50, reset=30`.
            let (mut remaining, mut reset) = (None, None);
            for item in items(header) {
                quota.state(item.parameter("r"), item.parameter("t"));
                remaining = remaining.or(item.parameter("remaining"));
                reset = reset.or(item.parameter("reset"));
            }
            quota.state(remaining, reset);
        }
        let remaining = first(&["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"]);
        let reset = first(&["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"]);
        quota.state(remaining.and_then(number), reset.and_then(number).map(|reset| from_now(reset, now)));
        quota
    }

    /// Adds a policy. Of several policies the strictest counts.
    fn policy(&mut self, policy: &QuotaItem<'_>) {
        // Quotas of bytes or of concurrent requests do not concern the rate.
        if policy.unit().is_some_and(|unit| unit != "requests") {
            return;
        }
        let amount = policy.parameter("q").or_else(|| number(policy.value));
        if let (Some(amount), Some(window)) = (amount, policy.parameter("w"))
            && amount >= 1.0
            && window > 0.0
        {
            let rate = (amount / window).min(FASTEST);
            self.rate = Some(self.rate.map_or(rate, |other| other.min(rate)));
        }
    }

    /// Adds a state. Of several states the one with the fewest remaining requests counts.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    fn state(&mut self, remaining: Option<f64>, reset: Option<f64>) {
        let reset = reset.filter(|reset| *reset >= 0.0).map(|reset| Duration::from_secs_f64(reset.min(LONGEST)));
        match remaining.map(|remaining| remaining as u64) {
            Some(remaining) if self.remaining.is_none_or(|other| remaining < other) => {
                (self.remaining, self.reset) = (Some(remaining), reset);
            }
            None => self.reset = self.reset.or(reset),
            Some(_) => {}
        }
    }
}

/// One item of a list: `"default";q=100;w=60`, `100;w=60` or `limit=100`.
struct QuotaItem<'a> {
    value: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl QuotaItem<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn parameter(&self, name: &str) -> Option<f64> {
        self.text(name).and_then(number)
    }

    fn unit(&self) -> Option<&str> {
        self.text("qu").map(|unit| unit.trim_matches('"'))
    }
}

/// The items of a list; at most a few are read.
fn items(header: &str) -> impl Iterator<Item = QuotaItem<'_>> {
    header.split(',').take(8).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let parameters = std::iter::once(value).chain(parts).filter_map(|part| part.split_once('='));
        QuotaItem { value, parameters: parameters.map(|(key, value)| (key.trim(), value.trim())).collect() }
    })
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

/// A reset as seconds from now. A large number is a date: seconds or milliseconds since 1970.
fn from_now(reset: f64, now: SystemTime) -> f64 {
    let seconds = match reset {
        ..1e9 => return reset,
        ..1e12 => reset,
        _ => reset / 1000.0,
    };
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    (seconds - now).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> (Option<f64>, Option<u64>, Option<f64>) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        let get = |name: &str| {
            assert!(name.contains(Quota::IN_NAMES), "{name} would not be looked for");
            headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
        };
        let Quota { rate, remaining, reset } = Quota::read(get, now);
        (rate, remaining, reset.map(|reset| reset.as_secs_f64()))
    }

    #[test]
    fn all_dialects_are_read() {
        let cases: &[(&[(&str, &str)], _)] = &[
            (
                &[
                    ("ratelimit-policy", r#""burst";q=100;w=1, "hour";q=3600;w=60"#),
                    ("ratelimit", r#""hour";r=50;t=30"#),
                ],
                (Some(60.0), Some(50), Some(30.0)),
            ),
            (
                &[("ratelimit", "limit=100, remaining=7, reset=5"), ("ratelimit-policy", "100;w=10")],
                (Some(10.0), Some(7), Some(5.0)),
            ),
            (
                &[("ratelimit-limit", "10, 10;w=1, 50;w=60"), ("ratelimit-remaining", "3"), ("ratelimit-reset", "4")],
                (Some(50.0 / 60.0), Some(3), Some(4.0)),
            ),
            (
                &[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1.5")],
                (None, Some(0), Some(1.5)),
            ),
            (&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1800000042")], (None, Some(1), Some(42.0))),
            (&[("x-rate-limit-remaining", "1"), ("x-rate-limit-reset", "1800000042000")], (None, Some(1), Some(42.0))),
            // If our clock is behind, there is no wait, and never a wait of years.
            (&[("x-ratelimit-reset", "1700000000")], (None, None, Some(0.0))),
            (&[("x-ratelimit-reset", "999999999")], (None, None, Some(LONGEST))),
            (&[("ratelimit-policy", r#""bytes";q=65535;qu="content-bytes";w=10"#)], (None, None, None)),
            (&[("ratelimit", r#""a";r=9;t=1, "b";r=2;t=60"#)], (None, Some(2), Some(60.0))),
            (
                &[("ratelimit", ",;;=,,r=;t"), ("x-ratelimit-reset", "soon"), ("ratelimit-policy", "q=0;w=0")],
                (None, None, None),
            ),
            (&[], (None, None, None)),
        ];
        for (headers, expected) in cases {
            assert_eq!(read(headers), *expected, "{headers:?}");
        }
    }
}
