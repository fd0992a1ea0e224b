//! Reads from Clerk's API into a directory of the program's own: for an import, and for a command that keeps nothing.
//!
//! Nothing is sent before all users are known: one of them may be in the list twice, and a list is never the same again. So
//! they are in a file until their import is finished, compressed and for the owner only, and an import that is interrupted goes
//! on with the same bytes.

use jiff::Timestamp;

use super::export::{calls, read_tenant, take_directory};
use super::export_command_error::ExportCommandError;
use super::import_error::ImportError;
use super::prepare_error::PrepareError;
use crate::exit::ExitStatus;
use crate::export::{ExportDirectory, Exporter, Manifest};
use crate::human::plural;
use crate::journal::{InputRecord, Lock, RunDirectory};
use crate::kind::Kind;
use crate::settings::{ExportSettings, ImportSettings};
use crate::signal::Signals;
use crate::source::Input;

/// A directory with records that is only for one command.
pub(super) struct PassingRecords {
    directory: ExportDirectory,
    _lock: Lock,
}

impl Drop for PassingRecords {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

/// Reads records for a command that keeps none, if they come from Clerk. They are gone when what is returned is.
pub(super) async fn read_for_now(
    settings: Option<&ExportSettings>,
    signals: &mut Signals,
) -> Result<Option<PassingRecords>, ImportError> {
    let Some(settings) = settings else { return Ok(None) };
    // From here on, whatever happens, it is removed.
    let lock = take_directory(&settings.directory)?;
    let records = PassingRecords { directory: settings.directory.clone(), _lock: lock };
    read(settings, signals).await?;
    Ok(Some(records))
}

/// Reads the users for an import, if they come from Clerk, or goes on with those that an interrupted one read. What is returned
/// keeps other processes away from them.
pub(super) async fn fetch_users(settings: &ImportSettings, signals: &mut Signals) -> Result<Option<Lock>, ImportError> {
    let Some(from_clerk) = &settings.from_clerk else { return Ok(None) };
    let lock = take_directory(&from_clerk.directory)?;
    let manifest = Manifest::read(&from_clerk.directory).map_err(ExportCommandError::from)?;
    match manifest.filter(|_| !from_clerk.new) {
        Some(manifest) if !is_used_up(&manifest, from_clerk, settings)? => {
            go_on_with(&manifest, from_clerk, signals).await?;
        }
        Some(_) => read(&ExportSettings { new: true, ..from_clerk.clone() }, signals).await?,
        None => read(from_clerk, signals).await?,
    }
    Ok(Some(lock))
}

/// Removes the users whose import is finished. If that fails, the next import removes them.
pub(super) fn forget_users(settings: &ImportSettings) {
    for directory in settings.kept_from_clerk() {
        let is_over = Manifest::read(&directory).ok().flatten().is_some_and(|manifest| {
            newest_run(&manifest, &directory, settings).ok().flatten().is_some_and(|run| run.is_finished())
        });
        if is_over {
            remove(&directory);
        }
    }
}

fn remove(directory: &ExportDirectory) {
    if let Err(error) = directory.remove() {
        tracing::warn!(%error, "what was read from Clerk into `{}` cannot be removed; remove the directory", directory.path().display());
    }
}

async fn read(settings: &ExportSettings, signals: &mut Signals) -> Result<(), ExportCommandError> {
    let console = settings.output.console;
    console.note("Reading from Clerk …");
    let (manifest, _) = read_tenant(settings, signals).await?;
    let records: u64 = manifest.files.iter().map(|file| file.records).sum();
    console.note(&format!(
        "Read {} from Clerk, {}.",
        plural(records, "record"),
        plural(manifest.requests.sent, "request")
    ));
    for difference in &manifest.differences {
        let (found, counted) = (difference.found, difference.counted);
        let kind = difference.kind.name();
        tracing::warn!(kind, found, counted, "Clerk counts more than it lists, however often the list is read");
    }
    Ok(())
}

/// An import that was interrupted goes on with the users that it read, as long as they are of the same instance.
async fn go_on_with(
    manifest: &Manifest,
    settings: &ExportSettings,
    signals: &mut Signals,
) -> Result<(), ExportCommandError> {
    let calls = calls(settings)?;
    tokio::select! {
        checked = Exporter::check(&calls, &settings.directory, manifest) => checked?,
        signal = signals.next() => return Err(ExportCommandError::Interrupted(signal)),
    }
    settings.output.console.note(&format!(
        "Going on with the users that were read from Clerk at {}; --new-run reads them anew.",
        manifest.finished.strftime("%F %T UTC")
    ));
    Ok(())
}

/// Whether the users that are there have been dealt with: their import came to its end, or was refused because of them.
fn is_used_up(
    manifest: &Manifest,
    from_clerk: &ExportSettings,
    settings: &ImportSettings,
) -> Result<bool, ImportError> {
    let Some(run) = newest_run(manifest, &from_clerk.directory, settings)? else { return Ok(false) };
    let refused = [ExitStatus::Input, ExitStatus::TooManyErrors].map(ExitStatus::code);
    let is_refused = || run.journalled_end().is_some_and(|ended| refused.contains(&ended.exit_code));
    Ok(run.is_finished() || run.ended_on_its_input() || (run.has_sent_nothing() && is_refused()))
}

/// The newest run that began since these users were read and is about them.
fn newest_run(
    manifest: &Manifest,
    directory: &ExportDirectory,
    settings: &ImportSettings,
) -> Result<Option<RunDirectory>, ImportError> {
    let Some(file) = manifest.files.first() else { return Ok(None) };
    let input = Input::File(directory.path().join(&file.file));
    let failed = |source| PrepareError::Io { path: settings.runs_directory.clone(), source };
    let users = InputRecord::of(&input, Kind::User).map_err(failed)?;
    let runs = RunDirectory::list(&settings.runs_directory).map_err(failed)?;
    let found = runs.into_iter().find(|(_, record)| {
        let began = record.started.parse::<Timestamp>().is_ok_and(|started| started >= manifest.finished);
        began && record.inputs.iter().any(|input| input.path == users.path)
    });
    Ok(found.map(|(directory, _)| directory))
}
