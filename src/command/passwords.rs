//! Reads the passwords that the users lack, and keeps the account of the join.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::import_error::ImportError;
use crate::account::StopReason;
use crate::files::replace_private;
use crate::journal::RunDirectory;
use crate::passwords::{JoinedMapper, Passwords, PasswordsError, PasswordsReport};
use crate::settings::ImportSettings;
use crate::signal::Signals;

/// The settings with what the file of passwords holds, if there is one.
pub(super) async fn read(settings: &ImportSettings, signals: &mut Signals) -> Result<ImportSettings, ImportError> {
    let mut settings = settings.clone();
    let Some(input) = settings.passwords.clone() else { return Ok(settings) };
    settings.console.note(&format!("Reading the passwords in {} …", input.name()));
    let (limits, stop) = (settings.intake.reader, CancellationToken::new());
    // Dropped by an interruption, it ends the reading, too.
    let _guard = stop.clone().drop_guard();
    let reading = tokio::task::spawn_blocking(move || Passwords::read(&input, limits, &std::env::temp_dir(), &stop));
    let read = tokio::select! {
        read = reading => read,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
    };
    let passwords = read.map_err(|error| StopReason::Internal(format!("reading the passwords failed: {error}")))??;
    let passwords = Arc::new(passwords);
    settings.intake.mapper = Arc::new(JoinedMapper::new(settings.users.clone(), Arc::clone(&passwords)));
    settings.joined = Some(passwords);
    Ok(settings)
}

/// Ends the account once the users were gone through, all of them if `complete`; in the directory of a run it is kept for
/// whenever the run is taken up.
pub(super) fn close(
    settings: &ImportSettings,
    complete: bool,
    directory: Option<&RunDirectory>,
) -> Result<Option<PasswordsReport>, ImportError> {
    let Some(passwords) = &settings.joined else { return Ok(None) };
    let report = passwords.close(complete).map_err(PasswordsError::Temporary)?;
    if let Some(path) = directory.map(RunDirectory::passwords) {
        let written = replace_private(&path, |file| serde_json::to_writer(file, &report).map_err(Into::into));
        written.map_err(|source| ImportError::Write { path, source })?;
    }
    Ok(Some(report))
}

/// Takes up the account of an earlier part of the run. Returns whether it is there, if there has to be one.
pub(super) fn read_kept(settings: &ImportSettings, directory: &RunDirectory) -> bool {
    let Some(passwords) = &settings.joined else { return true };
    let kept = std::fs::read(directory.passwords()).ok().and_then(|text| serde_json::from_slice(&text).ok());
    kept.map(|report| passwords.close_with(report)).is_some()
}
