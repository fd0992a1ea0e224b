//! Rates, and what an administrator chose.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// Requests in each second or minute, as in `50/s` or `600/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    per: Duration,
}

impl Rate {
    /// This many requests a minute, and at least one.
    pub fn per_minute(requests: u32) -> Self {
        Self { requests: NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN), per: Duration::from_mins(1) }
    }

    /// Requests a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.requests.get()) / self.per.as_secs_f64()
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

/// The value of `--rate`: `auto`, or a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateChoice {
    /// Find the rate that the target allows.
    #[default]
    Auto,
    /// Use this rate, and a slower one only if the target requires it.
    Fixed(Rate),
}

impl FromStr for RateChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Fixed).map_err(|error: String| format!("{error}, or `auto`"))
    }
}

impl fmt::Display for RateChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Fixed(rate) => rate.fmt(formatter),
        }
    }
}

/// The bounds of the rate, in requests a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRules {
    /// The rate at the beginning.
    pub start: f64,
    /// The rate never falls below this.
    pub floor: f64,
    /// The rate never rises above this.
    pub ceiling: f64,
    /// How many requests may go at once after a pause.
    pub burst: NonZeroU32,
    /// Whether the rate rises fast at the beginning, until the target refuses a request.
    pub finding: bool,
}

impl RateRules {
    /// The rate at which `auto` begins: slow enough for any target, and doubled every second.
    pub(super) const START: f64 = 10.0;

    /// The slowest rate if the administrator names none: one request a minute.
    const FLOOR: f64 = 1.0 / 60.0;

    /// The rules for a choice, and for a floor and a ceiling if the administrator named them.
    pub fn new(choice: RateChoice, floor: Option<Rate>, ceiling: Option<Rate>, burst: NonZeroU32) -> Self {
        let (start, most, finding) = match choice {
            RateChoice::Auto => (Self::START, f64::INFINITY, true),
            RateChoice::Fixed(rate) => (rate.per_second(), rate.per_second(), false),
        };
        let ceiling = ceiling.map_or(most, |rate| rate.per_second().min(most));
        let floor = floor.map_or(Self::FLOOR, Rate::per_second).min(ceiling);
        Self { start: start.clamp(floor, ceiling), floor, ceiling, burst, finding }
    }
}

impl Default for RateRules {
    fn default() -> Self {
        Self::new(RateChoice::Auto, None, None, NonZeroU32::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown() {
        for text in ["50/s", "600/m", "1/m"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
            assert_eq!(text.parse::<RateChoice>().unwrap().to_string(), text);
        }
        assert!((("600/m").parse::<Rate>().unwrap().per_second() - 10.0).abs() < 1e-9);
        assert_eq!("auto".parse::<RateChoice>().unwrap().to_string(), "auto");
        for bad in ["", "50", "0/s", "-1/s", "50/h", "1.5/s", "automatic"] {
            assert!(bad.parse::<Rate>().is_err() && bad.parse::<RateChoice>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bounds_hold_for_every_choice() {
        let rate = |text: &str| Some(text.parse::<Rate>().unwrap());
        let rules = |choice: &str, floor, ceiling| {
            let RateRules { start, floor, ceiling, .. } =
                RateRules::new(choice.parse().unwrap(), floor, ceiling, NonZeroU32::MIN);
            (floor, start, ceiling)
        };
        assert_eq!(rules("auto", None, None), (1.0 / 60.0, 10.0, f64::INFINITY));
        assert_eq!(rules("auto", rate("20/s"), rate("30/s")), (20.0, 20.0, 30.0));
        assert_eq!(rules("5/s", None, None), (1.0 / 60.0, 5.0, 5.0));
        assert_eq!(rules("auto", rate("9/s"), rate("3/s")), (3.0, 3.0, 3.0));
    }
}
