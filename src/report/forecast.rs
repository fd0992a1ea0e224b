//! What an import would take, from what a dry run has seen of its users.

use std::fmt::{self, Write};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::human::{bytes, duration, plural};
use crate::outcomes::Ledger;
use crate::pace::RateRules;

/// Requests a second at which the pace may arrive where nothing bounds it. No target promises it; it is the other end of a range.
const FAST: f64 = 100.0;

/// The last column of a screen.
const COLUMNS: usize = 80;

/// What bounds the requests of an import.
#[derive(Clone, Copy, Debug)]
pub struct RequestBounds {
    /// The most users in one request.
    pub users: usize,
    /// The most bytes of one request.
    pub bytes: usize,
    /// The most bytes of records from which one request is made.
    pub record_bytes: usize,
    /// Bytes that an import adds to each user, at most.
    pub added_bytes: usize,
    /// The bounds of the rate.
    pub rate: RateRules,
}

/// What an import would take. It is about right: the target may take smaller requests, or answer slowly, and users who are
/// there already are read back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Requests that create users, or records of other kinds.
    requests: u64,
    /// Their bytes.
    bytes: u64,
    #[serde(serialize_with = "rounded")]
    least_seconds: f64,
    #[serde(serialize_with = "rounded")]
    most_seconds: f64,
    /// Requests a second with which it takes the least time.
    #[serde(serialize_with = "rounded")]
    fastest_rate: f64,
    /// Requests a second with which it takes the most time.
    #[serde(serialize_with = "rounded")]
    slowest_rate: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn rounded<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((number * 1000.0).round() / 1000.0)
}

impl Forecast {
    /// The forecast, if the dry run has read all, and there is somebody to send.
    pub fn of(ledger: &Ledger, bounds: &RequestBounds) -> Option<Self> {
        let (counts, valid) = (&ledger.forecast_counts, ledger.counts().valid.unwrap_or(0));
        let mapped = counts.records;
        if ledger.stopped.is_some() || mapped == 0 {
            return None;
        }
        let sent = share(counts.sent_bytes, valid, mapped);
        let steps: Vec<u64> = ledger.steps().into_iter().map(|(_, counts)| counts.valid.unwrap_or(0)).collect();
        let steps = if steps.is_empty() { vec![valid] } else { steps };
        Self::new(&steps, sent, counts.record_bytes / mapped, bounds)
    }

    /// The forecast for `users`, whose records have this many bytes each, if there is somebody to send. What is sent is
    /// taken to be as large as the records.
    pub fn about(users: u64, of_record: u64, bounds: &RequestBounds) -> Option<Self> {
        Self::new(&[users], users * of_record, of_record, bounds)
    }

    /// The forecast for steps with this many records, this many bytes in all, and this many bytes a record in the input. No
    /// request has records of two steps.
    #[expect(clippy::cast_precision_loss, reason = "a forecast is about right")]
    fn new(steps: &[u64], sent: u64, of_record: u64, bounds: &RequestBounds) -> Option<Self> {
        let records: u64 = steps.iter().sum();
        if records == 0 {
            return None;
        }
        let added = bounds.added_bytes as u64;
        let of_each = (sent / records + added).max(1);
        let by_bytes = bounds.bytes as u64 / of_each;
        let by_records = bounds.record_bytes as u64 / of_record.max(1);
        let of_request = by_bytes.min(by_records).min(bounds.users as u64).max(1);
        let requests = steps.iter().map(|records| records.div_ceil(of_request)).sum::<u64>();
        let RateRules { start, ceiling, finding, .. } = bounds.rate;
        let fastest = if !finding {
            start
        } else if ceiling.is_finite() {
            ceiling
        } else {
            FAST.max(start)
        };
        Some(Self {
            requests,
            bytes: sent + records * added,
            least_seconds: requests as f64 / fastest,
            most_seconds: requests as f64 / start,
            fastest_rate: fastest,
            slowest_rate: start,
        })
    }

    /// Writes it for people.
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub(super) fn write(&self, out: &mut String) -> fmt::Result {
        let Self { requests, bytes: sent, least_seconds, most_seconds, fastest_rate, slowest_rate } = *self;
        let (least, most) = (time(least_seconds), time(most_seconds));
        let what = format!("An import sends about {} in {}:", bytes(sent as f64), plural(requests, "request"));
        let slow = format!("{most} at {}/s.", rate(slowest_rate));
        let how_long = if fastest_rate > slowest_rate && least != most {
            format!("{least} at {}/s, {slow}", rate(fastest_rate))
        } else {
            slow
        };
        // No word is broken where the screen ends.
        let gap = if what.len() + how_long.len() < COLUMNS { " " } else { "\n  " };
        writeln!(out, "{what}{gap}{how_long}")
    }
}

/// The part of a sum over `all` users that `some` of them have.
fn share(sum: u64, some: u64, all: u64) -> u64 {
    let part = u128::from(sum) * u128::from(some) / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        "1 s".to_owned()
    } else {
        duration(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

/// A rate to three digits, without zeros at its end.
fn rate(per_second: f64) -> String {
    if per_second >= 100.0 {
        return format!("{per_second:.0}");
    }
    format!("{per_second:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn written(requests: u64, (fastest_rate, slowest_rate): (f64, f64)) -> String {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let seconds = |rate: f64| requests as f64 / rate;
        let (least_seconds, most_seconds) = (seconds(fastest_rate), seconds(slowest_rate));
        let forecast =
            Forecast { requests, bytes: 642_900_000, least_seconds, most_seconds, fastest_rate, slowest_rate };
        let mut text = String::new();
        forecast.write(&mut text).unwrap();
        text
    }

    #[test]
    fn no_request_has_records_of_two_steps_and_bytes_are_those_of_all_records() {
        let rate = RateRules { start: 10.0, floor: 1.0, ceiling: 10.0, burst: NonZeroU32::MIN, finding: false };
        let bounds = RequestBounds { users: 10, bytes: 1 << 20, record_bytes: 1 << 20, added_bytes: 5, rate };
        let of = |steps: &[u64]| {
            Forecast::new(steps, 4_100, 100, &bounds).map(|forecast| (forecast.requests, forecast.bytes))
        };
        assert_eq!((of(&[41]), of(&[12, 3, 13, 13]), of(&[0, 0])), (Some((5, 4_305)), Some((7, 4_305)), None));
    }

    #[test]
    fn a_forecast_breaks_no_word_at_the_end_of_the_screen() {
        let range = "An import sends about 642.9 MB in 1,000 requests:\n  10 s at 100/s, 1 min 40 s at 10/s.\n";
        assert_eq!(written(1_000, (100.0, 10.0)), range);
        assert_eq!(
            written(1_000, (0.5, 0.5)),
            "An import sends about 642.9 MB in 1,000 requests: 33 min 20 s at 0.5/s.\n"
        );
        assert_eq!(written(1, (100.0, 10.0)), "An import sends about 642.9 MB in 1 request: 1 s at 10/s.\n");
    }
}
