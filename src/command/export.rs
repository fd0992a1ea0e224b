//! `avnology migrate clerk export`: a tenant from Clerk's API into files.

use std::time::Duration;

use super::shared::command_error::CommandError;
use super::shared::export_command_error::ExportCommandError;
use super::shared::reading::export_from_clerk::{read_tenant, take_directory};
use super::shared::terminal::output::write_report;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::export::{ExportState, Manifest};
use crate::report::{print_json, write_export_summary};
use crate::settings::ExportSettings;
use crate::signal::Signals;

/// Exports a tenant, or goes on with an export that was interrupted.
pub async fn export(settings: ExportSettings, signals: Signals) -> Result<ExitStatus, CommandError> {
    Ok(Box::pin(export_tenant(settings, signals)).await?)
}

async fn export_tenant(settings: ExportSettings, mut signals: Signals) -> Result<ExitStatus, ExportCommandError> {
    let _lock = take_directory(&settings.directory)?;
    if let Some(manifest) = Manifest::read(&settings.directory)?.filter(|_| !settings.new) {
        settings.plan.check(&settings.client.base_url.to_string(), &manifest, &settings.directory)?;
        settings.output.console.note(&format!(
            "The export in {} was finished at {}; --new begins a new one in its place.",
            settings.directory.path().display(),
            manifest.finished.strftime("%F %T UTC")
        ));
        return finish(&manifest, &settings, None);
    }
    let begun = if settings.new { None } else { ExportState::read(&settings.directory)? };
    if let Some(begun) = begun {
        settings.output.console.note(&format!(
            "Going on with the export that was begun at {}; --new begins a new one in its place.",
            begun.started.strftime("%F %T UTC")
        ));
    }
    let (manifest, elapsed) = read_tenant(&settings, &mut signals).await?;
    finish(&manifest, &settings, Some(elapsed))
}

/// Gives the account of an export: it is the manifest.
fn finish(
    manifest: &Manifest,
    settings: &ExportSettings,
    elapsed: Option<Duration>,
) -> Result<ExitStatus, ExportCommandError> {
    let printed = if settings.output.format == OutputFormat::Json { print_json(manifest) } else { Ok(()) };
    let exceptions = manifest.differences.iter().map(|difference| {
        format!("{}: {} found, and Clerk counts {}", difference.kind, difference.found, difference.counted)
    });
    let exceptions = exceptions.reduce(|one, other| format!("{one}; {other}"));
    if let Some(elapsed) = elapsed {
        let directory = settings.directory.path();
        let summary = |out: &mut String| write_export_summary(out, manifest, directory, elapsed);
        settings.output.console.account(summary, manifest, exceptions.as_deref());
    }
    if let Some(path) = &settings.output.report {
        write_report(path, manifest).map_err(|source| ExportCommandError::Write { path: path.clone(), source })?;
        settings.output.report_path.written(path);
    }
    printed?;
    Ok(if exceptions.is_some() { ExitStatus::Rejected } else { ExitStatus::Success })
}
