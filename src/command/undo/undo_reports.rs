//! Where programs find what an undo came to: standard output, and the file of `--report`.

use serde::Serialize;
use serde_json::Value;

use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::terminal::output::write_named_report;
use crate::report::print_json;
use crate::settings::OutputSettings;

/// The reports of all runs that one command undoes. Standard output gets a line for each; the file has one report, or of the
/// runs of several shards a list of them.
pub(super) struct UndoReports {
    /// Those so far, of several runs.
    of_several: Option<Vec<Value>>,
}

impl UndoReports {
    /// Those of as many runs, none of which is undone yet.
    pub(super) fn of(runs: usize) -> Self {
        Self { of_several: (runs > 1).then(Vec::new) }
    }

    /// Gives the report of the next run. Each place is tried, whether or not the other one takes it.
    pub(super) fn give(&mut self, report: &impl Serialize, output: &OutputSettings) -> Result<(), CommandError> {
        let written = match &mut self.of_several {
            None => write_named_report(output, report),
            Some(reports) => {
                // Texts and numbers always have a form in JSON.
                reports.push(serde_json::to_value(report).unwrap_or_default());
                write_named_report(output, reports)
            }
        };
        if output.format == OutputFormat::Json {
            print_json(report)?;
        }
        written
    }
}
