//! Stands in for `--where` in a build without it: the answer to every condition is how to get it.

use std::str::FromStr;

use serde_json::Value;

/// There is none.
#[derive(Clone, Debug)]
pub enum Condition {}

/// Why a condition cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this build has no conditions; build it with `cargo install --path . --features where`")]
pub struct ConditionError;

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Err(ConditionError)
    }
}

impl Condition {
    pub(super) fn holds(&self, _: &Value) -> bool {
        match *self {}
    }

    /// There is none.
    pub fn digest(&self) -> String {
        match *self {}
    }
}
