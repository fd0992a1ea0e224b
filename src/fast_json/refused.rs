//! That a text is left to `serde_json`.

use std::fmt;

/// That a text is left to `serde_json`, which finds out why. It has nothing in it, so making one costs nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("left to serde_json")
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
