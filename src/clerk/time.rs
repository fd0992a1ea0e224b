//! Times, as exports write them.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Numbers below this are seconds. As milliseconds they would be before March 1973; as seconds they reach the year 5138.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// A time. The Backend API writes Unix milliseconds, as a number or as text. Other programs write Unix seconds, or text as
/// in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Unix milliseconds; `None` if the text was empty.
    pub milliseconds: Option<i64>,
    /// Whether the export has it in seconds.
    pub in_seconds: bool,
}

impl Time {
    fn of_number(number: i64) -> Self {
        let in_seconds = -LEAST_MILLISECONDS < number && number < LEAST_MILLISECONDS;
        Self { milliseconds: Some(if in_seconds { number * 1000 } else { number }), in_seconds }
    }

    /// A time from a decimal number, such as `1.7E12`, to the nearest millisecond.
    fn of_float(number: f64) -> Option<Self> {
        let in_seconds = Self::of_number(whole(number)?).in_seconds;
        let milliseconds = whole(if in_seconds { number * 1000.0 } else { number })?;
        Some(Self { milliseconds: Some(milliseconds), in_seconds })
    }

    fn of_text(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Some(Self { milliseconds: None, in_seconds: false });
        }
        if let Ok(number) = text.parse() {
            return Some(Self::of_number(number));
        }
        if let Ok(number) = text.parse() {
            return Self::of_float(number);
        }
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self { milliseconds: Some(timestamp.as_millisecond()), in_seconds: false })
    }
}

/// The nearest whole number, if it fits.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Time;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a time in Unix milliseconds or as in RFC 3339")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Time, E> {
                Ok(Time::of_number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Time, E> {
                i64::try_from(number).map(Time::of_number).map_err(|_| E::invalid_value(NUMBER, &self))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Time, E> {
                Time::of_float(number).ok_or_else(|| E::invalid_value(NUMBER, &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                Time::of_text(text).ok_or_else(|| E::invalid_value(Unexpected::Other("another text"), &self))
            }
        }
        deserializer.deserialize_any(TimeVisitor)
    }
}

const NUMBER: Unexpected<'_> = Unexpected::Other("another number");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_however_it_is_written() {
        let moment = 1_700_000_000_000;
        for (json, in_seconds) in [
            ("1700000000000", false),
            ("1.7E12", false),
            ("1700000000000.0", false),
            ("\"1700000000000\"", false),
            ("\"1.7e12\"", false),
            ("\" 2023-11-14T22:13:20Z \"", false),
            ("\"2023-11-14T23:13:20.000+01:00\"", false),
            ("1700000000", true),
            ("1.7e9", true),
            ("\"1700000000\"", true),
        ] {
            let expected = Time { milliseconds: Some(moment), in_seconds };
            assert_eq!(serde_json::from_str::<Time>(json).unwrap(), expected, "{json}");
        }
        let milliseconds = |json| serde_json::from_str::<Time>(json).unwrap().milliseconds;
        assert_eq!(milliseconds("1700000000.123"), Some(1_700_000_000_123));
        assert_eq!(milliseconds("\"\""), None);
        assert_eq!(milliseconds("946684800"), Some(946_684_800_000), "the year 2000 in seconds");
        for json in ["\"yesterday\"", "\"2023-11-14\"", "\"NaN\"", "true", "[]", "{}", "1e300", "18446744073709551615"]
        {
            let error = serde_json::from_str::<Time>(json).unwrap_err().to_string();
            assert!(error.contains("Unix milliseconds or as in RFC 3339") && !error.contains("yesterday"), "{error}");
        }
    }
}
