//! What the report of `codemod` says about handlers of webhooks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::endpoints_file::is_event;

/// What a detail about an event begins with.
const EVENT: &str = "event ";

/// A handler in the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HandlerInCode {
    /// The file, relative to the root of the code.
    pub file: String,
    /// The lines where deliveries are verified, from 1.
    pub lines: Vec<usize>,
    /// Clerk's events that the code names.
    pub events: Vec<String>,
}

/// The handlers that a report names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeReport {
    /// Sorted by file.
    pub handlers: Vec<HandlerInCode>,
}

/// The parts of a report that are read.
#[derive(Deserialize)]
struct Report {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    path: String,
    #[serde(default)]
    lines: Vec<usize>,
    #[serde(default)]
    details: Vec<String>,
}

impl CodeReport {
    /// Reads the JSON of `codemod --report`.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let report: Report = serde_json::from_slice(text).map_err(|error| {
            format!("it is no JSON report of `codemod` (line {}, column {})", error.line(), error.column())
        })?;
        let handlers = report.entries.into_iter().filter(|entry| entry.kind == "webhook").map(|entry| {
            let events = entry.details.iter().filter_map(|detail| detail.strip_prefix(EVENT)?.split_once(": "));
            let events = events.map(|(event, _)| event.to_owned()).filter(|event| is_event(event));
            let events = events.collect::<BTreeSet<_>>().into_iter().collect();
            HandlerInCode { file: entry.path, lines: entry.lines, events }
        });
        let handlers: BTreeSet<HandlerInCode> = handlers.collect();
        Ok(Self { handlers: handlers.into_iter().collect() })
    }
}
