//! `avnology migrate clerk cutover status`: how the steps stand. Nothing is asked and nothing is changed.

use super::CutoverCommandError;
use super::account::{account, exit_status};
use crate::cli::OutputFormat;
use crate::cutover::status_text;
use crate::exit::ExitStatus;
use crate::report::{print_json, print_wrapped};
use crate::settings::CutoverStatusSettings;

/// Shows how the steps stand.
pub fn cutover_status(settings: &CutoverStatusSettings) -> Result<ExitStatus, CutoverCommandError> {
    let account = account(&settings.at, &settings.at.state.read()?, &settings.steps)?;
    match settings.format {
        OutputFormat::Json => print_json(&account)?,
        OutputFormat::Text => print_wrapped(&status_text(&account))?,
    }
    Ok(exit_status(&account))
}
