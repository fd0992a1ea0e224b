//! What to do about an outcome: one total, pure function, and the arithmetic of waiting.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::{ErrorBody, ProxyFault};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// A status came back.
    Answered {
        /// The HTTP status.
        status: u16,
    },
    /// A status of success with a body that is not what was asked for.
    Unreadable,
    /// A status of success with a body that is longer than anything that is kept: it has to be asked for in parts.
    TooLarge,
    /// No answer.
    Failed(Transport),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The host's name has no address. Nothing was sent.
    Dns,
    /// No connection: refused, or no way there. Nothing was sent.
    Connect,
    /// The other side is not, or cannot show that it is, who it should be. Nothing was sent.
    Tls(TlsFault),
    /// The proxy on the way does not let us through. Nothing was sent.
    Proxy(ProxyFault),
    /// No answer in time. The request may have been carried out.
    Timeout,
    /// The connection broke. The request may have been carried out.
    Interrupted,
}

/// Why the other side cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Its certificate was valid until some day that is past.
    Expired,
    /// Its certificate will be valid.
    NotYetValid,
    /// Its certificate is another host's.
    OtherName,
    /// Nobody here knows who signed its certificate.
    UnknownAuthority,
    /// Something else is wrong with its certificate.
    OtherCertificate,
    /// It does not speak TLS, or none that we do.
    NoTls,
}

impl TlsFault {
    const fn describe(self) -> &'static str {
        match self {
            Self::Expired => {
                "its certificate has expired; who runs the target has to renew it (or is the clock here wrong?)"
            }
            Self::NotYetValid => "its certificate is not valid yet (is the clock here wrong?)",
            Self::OtherName => "its certificate is for another name than the one in --base-url; is that the right one?",
            Self::UnknownAuthority => {
                "its certificate is signed by an authority that is not known here (--cacert adds your own authority)"
            }
            Self::OtherCertificate => {
                "no trusted connection could be made: its certificate is not one to trust (--cacert adds your own authority)"
            }
            Self::NoTls => "no trusted connection could be made: it does not speak TLS, or another version of it",
        }
    }
}

impl Transport {
    /// For messages; `proxy` is what the proxy on the way is called, if there is one.
    pub fn describe(self, proxy: Option<&str>) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Dns => "its name has no address (is --base-url right?)",
            Self::Connect => "no connection could be made",
            Self::Tls(fault) => fault.describe(),
            Self::Proxy(fault) => {
                return Cow::Owned(format!("{} {}", proxy.unwrap_or("the proxy"), fault.describe()));
            }
            Self::Timeout => "no answer came in time",
            Self::Interrupted => "the connection broke before the answer was complete",
        })
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The answer is what was asked for.
    Done,
    /// Send the same request again with the same idempotency key, after a while.
    Retry,
    /// Something about the content: send halves, until the item at fault is alone and is rejected.
    Isolate,
    /// The target does not want us (key, scope, plan, wrong URL): stop the run resumably. Not the users' fault.
    Refused,
}

/// Decides over every outcome.
///
/// All our requests may be repeated: each carries an idempotency key, and `external_id` is the key at the target.
pub const fn decide(outcome: ReplyOutcome) -> Decision {
    match outcome {
        ReplyOutcome::Failed(Transport::Proxy(fault)) if fault.is_final() => Decision::Refused,
        ReplyOutcome::Failed(_) | ReplyOutcome::Unreadable => Decision::Retry,
        // The same request would be answered the same way.
        ReplyOutcome::TooLarge => Decision::Isolate,
        ReplyOutcome::Answered { status } => match status {
            200..=299 => Decision::Done,
            400 | 409 | 413 | 422 => Decision::Isolate,
            // 501 says that the method does not exist, which waiting does not change.
            408 | 425 | 429 | 500 | 502..=599 => Decision::Retry,
            _ => Decision::Refused,
        },
    }
}

/// What to do about one item of a batch that was answered as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemDecision {
    /// Send it again.
    Retry,
    /// Another identity is in the way.
    Conflict,
    /// The target finds it invalid.
    Invalid,
    /// See [`Decision::Refused`].
    Refused,
}

/// Decides about one item's error.
pub fn decide_item(error: &ErrorBody) -> ItemDecision {
    match error.code.as_deref() {
        Some("AVNOLOGY_AUTH_903") => ItemDecision::Conflict,
        Some("AVNOLOGY_AUTH_902") => ItemDecision::Invalid,
        Some("AVNOLOGY_AUTH_005" | "AVNOLOGY_AUTH_100") => ItemDecision::Refused,
        // An unknown code may well pass; it is tried again a bounded number of times.
        _ => ItemDecision::Retry,
    }
}

/// How often and how long one batch is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// Attempts in all. Waiting out a 429 does not use one up.
    pub attempts: u32,
    /// Time in all, from the first attempt.
    pub total: Duration,
    /// First delay.
    pub base: Duration,
    /// Longest delay.
    pub longest: Duration,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            attempts: 10,
            total: Duration::from_mins(3),
            base: Duration::from_millis(200),
            longest: Duration::from_secs(20),
        }
    }
}

/// Exponential delays with jitter: each lies between half of and the whole of `base · 2ⁿ`, at most `longest`.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
    dice: fastrand::Rng,
}

impl Backoff {
    /// Delays within a budget.
    pub fn new(budget: &RetryBudget, dice: fastrand::Rng) -> Self {
        Self { next: budget.base, longest: budget.longest, dice }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let whole = self.next.min(self.longest);
        self.next = whole.saturating_mul(2);
        Some(whole.mul_f64(0.5 + self.dice.f64() / 2.0))
    }
}

/// The longest wait that is believed: beyond it the run stops in any case, and no clock overflows.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Reads a `Retry-After` header: seconds, or an HTTP date relative to `now`. A date in the past means no wait. Parts of a
/// second, which the standard does not know, are rounded up, and numbers that no clock can hold are taken for the longest.
pub(super) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let text = header.trim();
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number {
        let seconds = text.parse::<f64>().ok()?.ceil();
        return Some(Duration::from_secs_f64(seconds.min(LONGEST_RETRY_AFTER.as_secs_f64())));
    }
    let wait = httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default();
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test that is the specification: every status, and every way to have none.
    #[test]
    fn decisions_over_every_outcome() {
        let mut table = Vec::new();
        let mut outcomes: Vec<(String, ReplyOutcome)> =
            (100..=599).map(|status| (status.to_string(), ReplyOutcome::Answered { status })).collect();
        outcomes.push(("unreadable".to_owned(), ReplyOutcome::Unreadable));
        outcomes.push(("too large".to_owned(), ReplyOutcome::TooLarge));
        let tls = [TlsFault::Expired, TlsFault::OtherName, TlsFault::UnknownAuthority, TlsFault::NoTls];
        let statuses = [403, 407, 502].map(|status| ProxyFault::Answered { status });
        let proxy = statuses.into_iter().chain([ProxyFault::NoAddress, ProxyFault::NoConnection, ProxyFault::TimedOut]);
        let transports = [Transport::Dns, Transport::Connect].into_iter().chain(tls.map(Transport::Tls));
        let transports =
            transports.chain([Transport::Timeout, Transport::Interrupted]).chain(proxy.map(Transport::Proxy));
        for transport in transports {
            outcomes.push((format!("{transport:?}").to_lowercase(), ReplyOutcome::Failed(transport)));
        }
        let mut run: Option<(String, String, Decision)> = None;
        for (name, outcome) in outcomes {
            let decision = decide(outcome);
            run = match run.take() {
                Some((first, _, same)) if same == decision => Some((first, name, same)),
                earlier => {
                    push_run(&mut table, earlier);
                    Some((name.clone(), name, decision))
                }
            };
        }
        push_run(&mut table, run);
        insta::assert_snapshot!(table.join("\n"));
    }

    fn push_run(table: &mut Vec<String>, run: Option<(String, String, Decision)>) {
        if let Some((first, last, decision)) = run {
            let range = if first == last { first } else { format!("{first}..{last}") };
            table.push(format!("{range}: {decision:?}"));
        }
    }

    #[test]
    fn delays_grow_with_jitter_up_to_the_longest() {
        let budget = RetryBudget::default();
        let delays: Vec<Duration> = Backoff::new(&budget, fastrand::Rng::with_seed(7)).take(12).collect();
        for (index, delay) in (0..).zip(&delays) {
            let whole = (budget.base * 2u32.pow(index)).min(budget.longest);
            assert!(*delay >= whole / 2 && *delay <= whole, "delay {index} is {delay:?}, of {whole:?}");
        }
    }

    #[test]
    fn retry_after_as_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("18446744073709551615", now), Some(LONGEST_RETRY_AFTER));
        assert_eq!(retry_after("999999999999999999999999999999", now), Some(LONGEST_RETRY_AFTER));
        assert_eq!(retry_after("1.5", now), Some(Duration::from_secs(2)));
        assert_eq!(retry_after("0.0", now), Some(Duration::ZERO));
        assert_eq!(retry_after("1.2.3", now), None);
        assert_eq!(retry_after(".", now), None);
        assert_eq!(retry_after("", now), None);
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }

    #[test]
    fn items_are_decided_by_their_code() {
        let decide = |code: &str| decide_item(&ErrorBody { code: Some(code.to_owned()), ..ErrorBody::default() });
        assert_eq!(decide("AVNOLOGY_AUTH_903"), ItemDecision::Conflict);
        assert_eq!(decide("AVNOLOGY_AUTH_902"), ItemDecision::Invalid);
        assert_eq!(decide("AVNOLOGY_AUTH_100"), ItemDecision::Refused);
        assert_eq!(decide("AVNOLOGY_AUTH_021"), ItemDecision::Retry);
        assert_eq!(decide("SOMETHING_NEW"), ItemDecision::Retry);
        assert_eq!(decide_item(&ErrorBody::default()), ItemDecision::Retry);
    }
}
