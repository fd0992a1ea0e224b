//! What the rate is based on.

use std::fmt;

/// What the rate is based on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateReason {
    /// The rate is doubled until the target refuses a request.
    Finding,
    /// Just below what was measured, in requests a second.
    Measured(f64),
    /// Just below what the target announces, in requests a second.
    Announced(f64),
    /// The rate that the administrator asked for.
    Asked,
    /// The target refuses even the slowest rate.
    Floor,
}

impl fmt::Display for RateReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding => formatter.write_str("finding the limit"),
            Self::Measured(quota) => write!(formatter, "the target allows about {quota:.1}/s"),
            Self::Announced(quota) => write!(formatter, "the target says {quota:.1}/s"),
            Self::Asked => formatter.write_str("as asked"),
            Self::Floor => formatter.write_str("the slowest that is allowed"),
        }
    }
}
