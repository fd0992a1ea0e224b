//! One JSON object a line on stderr, for programs that watch a run.

use std::io::Write;

use serde::Serialize;

use crate::ignore::ignore;

#[derive(Serialize)]
struct Line<'a, T> {
    timestamp: jiff::Timestamp,
    level: &'static str,
    event: &'static str,
    #[serde(flatten)]
    figures: &'a T,
}

/// Writes `{"timestamp":…,"level":"INFO","event":…}` with the figures among its members.
pub(super) fn write(event: &'static str, figures: &impl Serialize) {
    let line = Line { timestamp: jiff::Timestamp::now(), level: "INFO", event, figures };
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    ignore(std::io::stderr().write_all(&line), "a closed stderr must not end the job");
}
