//! `avnology migrate clerk cutover report`: writes the page to sign.

use std::io;

use super::CutoverCommandError;
use super::account::{account, exit_status};
use crate::command::shared::terminal::output::write_text;
use crate::exit::ExitStatus;
use crate::report::{Console, LogFormat, cutover_markdown, cutover_page};
use crate::settings::CutoverReportSettings;

/// Writes the page. The exit status says how the switch stands, so that nobody takes an open one for done.
pub fn report_cutover(settings: &CutoverReportSettings) -> Result<ExitStatus, CutoverCommandError> {
    let CutoverReportSettings { at, out, is_markdown } = settings;
    let account = account(at, &at.state.read()?, &[])?;
    let failed = |source| CutoverCommandError::Write { path: out.clone(), source };
    let json = serde_json::to_value(&account).map_err(io::Error::from).map_err(failed)?;
    let page = if *is_markdown { cutover_markdown(&json)? } else { cutover_page(&json)? };
    write_text(out, &page).map_err(failed)?;
    let standing = if account.status == "ok" { "all steps are done or skipped" } else { "not all steps are done" };
    Console::new(LogFormat::Text, false).note(&format!("Page: {}; {standing}.", out.display()));
    Ok(exit_status(&account))
}
