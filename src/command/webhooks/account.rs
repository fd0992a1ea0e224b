//! The account of what was done about endpoints.

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;

use super::webhooks_command_error::WebhooksCommandError;
use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::terminal::output::write_report;
use crate::exit::ExitStatus;
use crate::report::{print_json, print_wrapped};
use crate::settings::OutputSettings;

/// What became of one endpoint, or how one sample was answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ReportLine {
    /// What it is called.
    pub name: String,
    /// A stable word.
    pub outcome: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// The target's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether an endpoint of the plan gets deliveries, where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl ReportLine {
    /// A line that is as it should be.
    pub(super) fn ok(name: &str, outcome: &'static str, id: Option<&str>) -> Self {
        let (name, id) = (name.to_owned(), id.map(str::to_owned));
        Self { name, outcome, ok: true, id, active: None, detail: String::new() }
    }

    /// A line about something that somebody has to look at.
    pub(super) fn wrong(name: &str, outcome: &'static str, id: Option<&str>, detail: impl Into<String>) -> Self {
        Self { ok: false, detail: detail.into(), ..Self::ok(name, outcome, id) }
    }

    /// The row with a sentence.
    pub(super) fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// The account for a program.
#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    at: Timestamp,
    /// The target, as runs name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    /// The scheme, host and port of the handler that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<&'a str>,
    exit_code: u8,
    checked: usize,
    differences: usize,
    lines: &'a [ReportLine],
}

/// With whom a command spoke.
#[derive(Clone, Copy, Debug)]
pub(super) enum With<'a> {
    Target(&'a str),
    Handler(&'a str),
}

/// Gives the account, and says how the command ends: with 3 if a line is not as it should be.
pub(super) fn finish(
    command: &'static str,
    with: With<'_>,
    lines: &[ReportLine],
    output: &OutputSettings,
) -> Result<ExitStatus, CommandError> {
    let differences = lines.iter().filter(|line| !line.ok).count();
    let status = if differences > 0 { ExitStatus::Rejected } else { ExitStatus::Success };
    let (at, exit_code, checked) = (Timestamp::now(), status.code(), lines.len());
    let (target, handler) = match with {
        With::Target(target) => (Some(target), None),
        With::Handler(handler) => (None, Some(handler)),
    };
    let report = Report { command, at, target, handler, exit_code, checked, differences, lines };
    if let Some(path) = &output.report {
        write_report(path, &report).map_err(|source| WebhooksCommandError::Write { path: path.clone(), source })?;
        output.report_path.written(path);
    }
    match output.format {
        OutputFormat::Json => print_json(&report)?,
        OutputFormat::Text => print_wrapped(&text(lines))?,
    }
    Ok(status)
}

fn text(lines: &[ReportLine]) -> String {
    lines.iter().fold(String::new(), |mut out, ReportLine { name, outcome, ok, id, detail, .. }| {
        let begin = if *ok { "" } else { "! " };
        let id = id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        let detail = if detail.is_empty() { String::new() } else { format!("\n    {detail}") };
        // A text takes all that is written.
        match writeln!(out, "{begin}{name}: {}{id}{detail}", outcome.replace('_', " ")) {
            Ok(()) | Err(_) => out,
        }
    })
}
