//! What came of a command about clients, for people and for programs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::apps::ClientFinding;
use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::terminal::output::write_named_report;
use crate::exit::ExitStatus;
use crate::report::{print_json, print_wrapped};
use crate::settings::OutputSettings;

/// How many findings a report has. All of them are printed.
const KEPT: usize = 1_000;

/// What came of a command about clients.
#[derive(Debug, Serialize)]
pub(super) struct AppsAccount {
    command: &'static str,
    at: Timestamp,
    target: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    exit_code: u8,
    /// How many applications were looked at.
    checked: u64,
    /// How many of them, or of the clients, are not as they should be.
    differences: u64,
    counts: BTreeMap<&'static str, u64>,
    findings: Vec<ClientFinding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings_left_out: Option<u64>,
    #[serde(skip)]
    format: OutputFormat,
}

impl AppsAccount {
    pub(super) fn new(command: &'static str, target: &str, dry_run: bool, output: &OutputSettings) -> Self {
        Self {
            command,
            at: Timestamp::now(),
            target: target.to_owned(),
            dry_run,
            exit_code: 0,
            checked: 0,
            differences: 0,
            counts: BTreeMap::new(),
            findings: Vec::new(),
            findings_left_out: None,
            format: output.format,
        }
    }

    /// Counts an application.
    pub(super) fn count(&mut self, what: &'static str) {
        self.checked += 1;
        *self.counts.entry(what).or_default() += 1;
    }

    /// Counts an application that becomes no client, and says why.
    pub(super) fn impossible(&mut self, application: String, why: &str) -> Result<(), CommandError> {
        self.count("impossible");
        let (code, sentence) = ("no_client", why.to_owned());
        self.find(ClientFinding { application: Some(application), client_id: None, code, sentence }, true)
    }

    /// Counts a client that is of no application.
    pub(super) fn count_other(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Notes what somebody has to know; if it is a difference, the command does not end with success.
    pub(super) fn find(&mut self, finding: ClientFinding, is_difference: bool) -> Result<(), CommandError> {
        if self.format == OutputFormat::Text {
            let mark = if is_difference { "!" } else { "-" };
            let names = [finding.application.as_deref(), finding.client_id.as_deref()];
            let names = names.into_iter().flatten().collect::<Vec<_>>().join(", client ");
            print_wrapped(&format!("{mark} {names}: {} ({})\n", finding.sentence, finding.code))?;
        }
        self.note(finding, is_difference);
        Ok(())
    }

    /// Notes the same, and prints nothing of it.
    pub(super) fn note(&mut self, finding: ClientFinding, is_difference: bool) {
        self.differences += u64::from(is_difference);
        if self.findings.len() < KEPT {
            self.findings.push(finding);
        } else {
            *self.findings_left_out.get_or_insert(0) += 1;
        }
    }

    /// Reports it. `sentence` is what it comes to.
    pub(super) fn end(mut self, output: &OutputSettings, sentence: &str) -> Result<ExitStatus, CommandError> {
        let status = if self.differences > 0 { ExitStatus::Rejected } else { ExitStatus::Success };
        self.exit_code = status.code();
        write_named_report(output, &self)?;
        match self.format {
            OutputFormat::Json => print_json(&self)?,
            OutputFormat::Text => {
                let counts: Vec<String> =
                    self.counts.iter().map(|(what, count)| format!("{count} {}", what.replace('_', " "))).collect();
                let counts = if counts.is_empty() { "no application".to_owned() } else { counts.join(", ") };
                let dry = if self.dry_run { "Dry run, nothing was changed. " } else { "" };
                print_wrapped(&format!("{dry}{counts}.\n{sentence}"))?;
            }
        }
        Ok(status)
    }
}
