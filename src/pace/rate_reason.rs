//! Why the rate is what it is.

use std::fmt;

/// Why the rate is what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateReason {
    /// It is doubled until the target refuses something.
    Finding,
    /// It is just under what was measured, in requests a second.
    Measured(f64),
    /// It is just under what the target says, in requests a second.
    Told(f64),
    /// It is what was asked for.
    Asked,
    /// The target refuses even the slowest rate.
    Floor,
}

impl fmt::Display for RateReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding => formatter.write_str("finding the limit"),
            Self::Measured(quota) => write!(formatter, "the target allows about {quota:.1}/s"),
            Self::Told(quota) => write!(formatter, "the target says {quota:.1}/s"),
            Self::Asked => formatter.write_str("as asked"),
            Self::Floor => formatter.write_str("the slowest that is allowed"),
        }
    }
}
