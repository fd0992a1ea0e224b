//! How many texts were left to `serde_json`.

use std::sync::atomic::{AtomicU64, Ordering};

static LEFT: AtomicU64 = AtomicU64::new(0);

/// How many texts this process has left to `serde_json`, malformed ones and all.
pub fn left() -> u64 {
    LEFT.load(Ordering::Relaxed)
}

pub(super) fn count() {
    LEFT.fetch_add(1, Ordering::Relaxed);
}
