//! Numbers in a form for people. Programs get them plain.

use std::time::Duration;

/// A count with commas between the thousands: `12,345,678`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 user`, `2 users`, `3 identities`.
pub fn plural(number: u64, noun: &str) -> String {
    let number_text = count(number);
    match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if number == 1 => format!("{number_text} {noun}"),
        Some(stem) => format!("{number_text} {stem}ies"),
        None => format!("{number_text} {noun}s"),
    }
}

/// A count and its noun in a sentence about the past: `1 record was`, `2 records were`.
pub fn plural_past(number: u64, noun: &str) -> String {
    format!("{} {}", plural(number, noun), if number == 1 { "was" } else { "were" })
}

/// Bytes: `512 B`, `1.4 MB`, `14.0 GB`.
pub fn bytes(number: f64) -> String {
    let mut size = number;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{size:.0} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// A duration to two units: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long the rest of a job will take, by how long the finished part took; nothing within the first second.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub fn left(done: u64, total: u64, elapsed: Duration) -> Option<String> {
    let seconds = elapsed.as_secs_f64();
    if done == 0 || seconds <= 1.0 {
        return None;
    }
    let left = seconds / done as f64 * total.saturating_sub(done) as f64;
    Duration::try_from_secs_f64(left).ok().map(duration)
}

/// A time in RFC 3339 to the second: `2026-11-23 03:10:00 UTC`; what is none stays as it is.
pub fn moment(time: &str) -> String {
    let parsed: Option<jiff::Timestamp> = time.parse().ok();
    parsed.map_or_else(|| time.to_owned(), |time| time.strftime("%F %T UTC").to_string())
}

/// Bytes, for other rooms: `512 B`, `1.4 MB`.
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub fn size(number: u64) -> String {
    bytes(number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 2].map(|number| plural(number, "user")), ["1 user", "2 users"]);
        let lefts = [(0, 9), (1, 0), (1, 2)].map(|(seconds, done)| left(done, 6, Duration::from_secs(seconds)));
        assert_eq!(lefts, [None, None, None]);
        assert_eq!(left(2, 6, Duration::from_secs(10)).as_deref(), Some("20 s"));
        assert_eq!(
            [plural(3, "identity"), plural(1, "entry"), plural(2, "key")],
            ["3 identities", "1 entry", "2 keys"]
        );
        assert_eq!([1, 2000].map(|number| plural_past(number, "user")), ["1 user was", "2,000 users were"]);
        assert_eq!([0.0, 1400.0, 14e9, 2e13].map(bytes), ["0 B", "1.4 kB", "14.0 GB", "20.0 TB"]);
        assert_eq!(moment("2026-11-23T03:10:00.123456789Z"), "2026-11-23 03:10:00 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
        let times = [0.35, 12.7, 200.0, 7500.0].map(|seconds| duration(Duration::from_secs_f64(seconds)));
        assert_eq!(times, ["0.3 s", "12 s", "3 min 20 s", "2 h 05 min"]);
    }
}
