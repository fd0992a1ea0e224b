//! From when on changes are wanted.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// By how much more is read than was asked for: the clocks of this machine and of the API may differ, and a change takes a
/// moment until lists have it.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// From when on changes are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The moment.
    pub moment: Timestamp,
    /// The earlier export that was begun then, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<PathBuf>,
}

impl Since {
    /// Users who were changed at this moment or later are exported, in milliseconds since 1970.
    pub(super) fn first_millisecond(&self) -> i64 {
        self.moment.as_millisecond().saturating_sub(i64::try_from(OVERLAP.as_millis()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_more_is_read_than_was_asked_for() {
        let since = Since { moment: "2026-11-23T03:10:00Z".parse().expect("a moment"), export: None };
        let expected: Timestamp = "2026-11-23T03:00:00Z".parse().expect("a moment");
        assert_eq!(since.first_millisecond(), expected.as_millisecond());
    }
}
