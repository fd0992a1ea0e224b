//! That a text is left to `serde_json`.

use std::fmt;

/// That a text is left to `serde_json`, which finds out why. It has nothing in it, so making one costs nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeftToSerde;

impl fmt::Display for LeftToSerde {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("left to serde_json")
    }
}

impl std::error::Error for LeftToSerde {}

impl serde::de::Error for LeftToSerde {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
