//! Reads the passwords that the users lack.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::import_error::ImportError;
use super::progress::{display, while_working};
use crate::account::StopReason;
use crate::passwords::{Passwords, PasswordsError, PasswordsReport};
use crate::report::Reading;
use crate::settings::{OutputSettings, ReadingSettings};
use crate::signal::Signals;
use crate::source::Input;

/// The passwords that another file has for the users of the export.
pub(super) struct JoinedPasswords {
    /// The file.
    pub input: Input,
    /// What is in it, by user.
    pub index: Arc<Passwords>,
}

impl JoinedPasswords {
    /// Reads the file with the passwords, if there is one.
    pub(super) async fn read(
        reading: &ReadingSettings,
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Option<Self>, ImportError> {
        let Some(input) = reading.passwords.clone() else { return Ok(None) };
        output.console.note(&format!("Reading the passwords in {} …", input.name()));
        let (limits, stop) = (reading.limits, CancellationToken::new());
        // Dropped by an interruption, it ends the reading, too.
        let _guard = stop.clone().drop_guard();
        let (file, seen) = (input.clone(), Arc::new(AtomicU64::new(0)));
        let bytes = Arc::clone(&seen);
        let indexing =
            tokio::task::spawn_blocking(move || Passwords::read(&file, limits, &std::env::temp_dir(), (&stop, &bytes)));
        let total = input.size();
        let now = || Reading { what: "passwords", bytes: seen.load(Ordering::Relaxed), bytes_total: total };
        let index = tokio::select! {
            index = indexing => index,
            signal = signals.next() => return Err(ImportError::Interrupted(signal)),
            never = while_working(display(output.progress, total), now) => match never {},
        };
        let index = index.map_err(|error| StopReason::Internal(format!("reading the passwords failed: {error}")))??;
        Ok(Some(Self { input, index: Arc::new(index) }))
    }

    /// Ends the account once the users were gone through, all of them if `complete`.
    pub(super) fn close(&self, complete: bool) -> Result<PasswordsReport, ImportError> {
        Ok(self.index.close(complete).map_err(PasswordsError::Temporary)?)
    }
}
