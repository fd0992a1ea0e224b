//! An export from Clerk's API: how far it is, and what came of it.

use std::fmt::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::ShownProgress;
use crate::clerk_api::Requests;
use crate::export::{ExportKind, Manifest, Missing, Tally};
use crate::human::{bytes, count, duration, plural};
use crate::pace::PaceFigures;

/// How far an export is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportFigures {
    /// What is being read.
    pub kind: Option<ExportKind>,
    /// Records of it.
    pub records: u64,
    /// Records of it in all, if Clerk says so.
    pub records_total: Option<u64>,
    /// Records of all kinds.
    pub exported: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records a second in this part of the export.
    pub records_per_second: f64,
    /// Requests that were sent.
    pub requests: u64,
    /// Requests that were refused for going too fast.
    pub throttled: u64,
    /// Requests that were further attempts.
    pub retries: u64,
    /// How fast it may go.
    pub pace: PaceFigures,
}

impl ExportFigures {
    /// The figures of a moment.
    #[expect(clippy::cast_precision_loss, reason = "a rate is for display")]
    pub fn new(tally: Tally, requests: Requests, pace: PaceFigures, elapsed: Duration) -> Self {
        let Tally { kind, records, total, records_in_all, continued, bytes } = tally;
        let new = records_in_all.saturating_sub(continued) as f64;
        let rate = if elapsed.is_zero() { 0.0 } else { new / elapsed.as_secs_f64() };
        Self {
            kind,
            records,
            records_total: total,
            exported: records_in_all,
            bytes,
            records_per_second: rate.round(),
            requests: requests.sent,
            throttled: requests.throttled,
            retries: requests.retries,
            pace,
        }
    }
}

impl ShownProgress for ExportFigures {
    fn done(&self) -> u64 {
        self.exported
    }

    fn line(&self, _: Duration) -> String {
        let kind = self.kind.map_or("", ExportKind::name);
        let of = self.records_total.map(|total| format!(" of {}", count(total))).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small and positive")]
        let rate = count(self.records_per_second as u64);
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let size = bytes(self.bytes as f64);
        let mut line = format!(
            "{kind}: {}{of}, {} in all ({size}), {rate}/s, {}",
            count(self.records),
            plural(self.exported, "record"),
            plural(self.requests, "request")
        );
        if self.throttled > 0 {
            line = line + ", " + &count(self.throttled) + " refused for going too fast";
        }
        if self.retries > 0 {
            line = line + ", " + &plural(self.retries, "further attempt");
        }
        if let Some(seconds) = self.pace.holding_seconds {
            line = line + ", waits for " + &duration(Duration::from_secs(seconds));
        }
        line
    }
}

/// Writes the summary of a finished export.
pub fn write_export_summary(out: &mut String, manifest: &Manifest, directory: &Path, elapsed: Duration) -> fmt::Result {
    let records = manifest.files.iter().map(|file| file.records).sum();
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let size = bytes(manifest.files.iter().map(|file| file.bytes).sum::<u64>() as f64);
    let requests = plural(manifest.requests.sent, "request");
    writeln!(out, "Export finished: {} ({size}) in {}, {requests}.", plural(records, "record"), duration(elapsed))?;
    let instance = &manifest.instance;
    writeln!(out, "Instance: {} ({}) at {}", instance.id, instance.environment_type, manifest.api)?;
    if let Some(since) = &manifest.since {
        writeln!(out, "Users: only those who are new or changed since {}", since.moment)?;
    }
    writeln!(out)?;
    for file in &manifest.files {
        let how = match file.kind {
            ExportKind::OrganizationMemberships => {
                format!(" (from the list of the whole instance, {})", plural(file.requests, "request"))
            }
            _ => String::new(),
        };
        writeln!(out, "{:>16} {}{how}", count(file.records), file.kind)?;
    }
    if let Some(deleted) = &manifest.deleted {
        let users = plural(deleted.file.records, "user");
        writeln!(out, "\nNot at Clerk any more: {users} of earlier exports ({})", deleted.file.file)?;
    }
    if !manifest.missing.is_empty() {
        writeln!(out, "\nThis instance has none of these, and Clerk says why:")?;
    }
    for Missing { kind, reason } in &manifest.missing {
        writeln!(out, "  {kind}: {reason}")?;
    }
    if !manifest.differences.is_empty() {
        writeln!(out, "\nClerk counts more than its lists have, however often they are read:")?;
    }
    for difference in &manifest.differences {
        writeln!(
            out,
            "  {}: {} found, {} counted",
            difference.kind,
            count(difference.found),
            count(difference.counted)
        )?;
    }
    writeln!(out, "\nFiles: {} (manifest.json has their sizes and digests)", directory.display())
}
