//! The progress of reading files that are no export.

use std::time::Duration;

use serde::Serialize;

use super::ShownProgress;
use crate::human::{bytes, left};

/// How far the reading of a file is, or of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingProgress {
    /// What is in them.
    pub what: &'static str,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes to read, if that is known.
    pub bytes_total: Option<u64>,
}

impl ShownProgress for ReadingProgress {
    fn done(&self) -> u64 {
        self.bytes
    }

    #[expect(clippy::cast_precision_loss, reason = "for display")]
    fn line(&self, elapsed: Duration) -> String {
        let left = self.bytes_total.and_then(|total| left(self.bytes, total, elapsed));
        let left = left.map(|left| format!("{left} left, ")).unwrap_or_default();
        let of = self.bytes_total.map(|total| format!(" of {}", bytes(total as f64))).unwrap_or_default();
        format!("{left}{}: {}{of} read", self.what, bytes(self.bytes as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_comes_first_and_all_of_it_fits_beside_a_bar() {
        let reading =
            ReadingProgress { what: "journals and rejects", bytes: 20_500_000_000, bytes_total: Some(204_500_000_000) };
        let line = reading.line(Duration::from_mins(50));
        assert_eq!(line, "7 h 28 min left, journals and rejects: 20.5 GB of 204.5 GB read");
        let passwords = ReadingProgress { what: "passwords", bytes: 1_000_000, bytes_total: None };
        assert_eq!(passwords.line(Duration::from_secs(9)), "passwords: 1.0 MB read", "nobody knows of a pipe");
        assert_eq!(ReadingProgress { bytes: 0, ..reading }.line(Duration::from_secs(9)).matches("left").count(), 0);
    }
}
