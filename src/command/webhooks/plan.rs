//! `avnology migrate clerk webhooks plan`: writes down what becomes of each endpoint and each of its events, and keeps what was
//! decided in an earlier plan.

use std::io::{self, Write};
use std::path::Path;

use super::inputs::endpoints;
use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::private_list::write_private;
use crate::command::shared::terminal::output::write_report;
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::files::read_named;
use crate::report::{print_json, print_wrapped};
use crate::settings::WebhooksPlanSettings;
use crate::webhooks::{CodeReport, WebhooksPlan, plan_text};

/// Makes a plan, writes it, and shows it.
pub fn plan(settings: &WebhooksPlanSettings) -> Result<ExitStatus, CommandError> {
    let WebhooksPlanSettings { endpoints: file, code_report, out, output } = settings;
    let code = code_report.as_deref().map(read_code_report).transpose()?.unwrap_or_default();
    let mut plan = WebhooksPlan::new(&endpoints(file)?, code);
    if let Some(earlier) = earlier(out)? {
        plan.keep_decisions_of(&earlier);
    }
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| WebhooksCommandError::Write { path, source }
    };
    write_private(out, |file| write(file, &plan)).map_err(failed(out))?;
    if let Some(path) = &output.report {
        write_report(path, &plan).map_err(failed(path))?;
        output.report_path.written(path);
    }
    output.console.note(&format!("Plan: {}", out.display()));
    match output.format {
        OutputFormat::Json => print_json(&plan)?,
        OutputFormat::Text => print_wrapped(&plan_text(&plan))?,
    }
    Ok(ExitStatus::Success)
}

fn write(file: &mut dyn Write, plan: &WebhooksPlan) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *file, plan)?;
    file.write_all(b"\n")
}

fn read_code_report(path: &Path) -> Result<CodeReport, WebhooksCommandError> {
    let text = read_named(path).map_err(|error| WebhooksCommandError::unreadable_file(path, &error))?;
    CodeReport::read(&text).map_err(|problem| WebhooksCommandError::File { path: path.to_path_buf(), problem })
}

/// The plan that is in the place of the new one, if there is one.
fn earlier(path: &Path) -> Result<Option<WebhooksPlan>, WebhooksCommandError> {
    let other = |problem: String| WebhooksCommandError::Other { path: path.to_path_buf(), problem };
    // What is no file, such as a pipe, has no earlier plan.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Ok(None);
    }
    match read_named(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(other(format!("cannot be read: {error}"))),
        Ok(text) => WebhooksPlan::read(&text).map(Some).map_err(other),
    }
}
