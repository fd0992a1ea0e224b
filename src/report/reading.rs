//! The progress of reading files that are no export.

use std::time::Duration;

use serde::Serialize;

use super::Progress;
use crate::human::{bytes, left};

/// How far the reading of a file is, or of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What is in them.
    pub what: &'static str,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes to read, if that is known.
    pub bytes_total: Option<u64>,
}

impl Progress for Reading {
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
