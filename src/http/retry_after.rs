//! How long the other side asks to wait.

use std::time::{Duration, SystemTime};

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
}
