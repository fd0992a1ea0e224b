//! The progress of reading the target's list. Nobody knows before how long it is.

use std::time::Duration;

use serde::Serialize;

use super::ShownProgress;
use crate::human::{count, plural};

/// How many identities of the target were listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListingProgress {
    /// Identities that were listed until now.
    pub listed: u64,
}

impl ShownProgress for ListingProgress {
    fn done(&self) -> u64 {
        self.listed
    }

    fn line(&self, elapsed: Duration) -> String {
        let listed = plural(self.listed, "user");
        let per_second = u128::from(self.listed) * 1000 / elapsed.as_millis().max(1);
        format!("{listed} of the target listed, {}/s", count(u64::try_from(per_second).unwrap_or(u64::MAX)))
    }
}
