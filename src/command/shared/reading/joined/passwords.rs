//! Reads the passwords that the users lack.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use crate::command::shared::command_error::CommandError;
use crate::command::shared::in_background::in_background;
use crate::command::shared::terminal::progress::{display, while_working};
use crate::passwords::{Passwords, PasswordsError, PasswordsReport};
use crate::report::ReadingProgress;
use crate::settings::{OutputSettings, ProgressMode, ReadingSettings};
use crate::signal::Signals;
use crate::source::{Input, InputWatch};

/// Reads files on a thread of its own and shows how far it is, unless a signal comes first. `what` is in them, and how many bytes
/// they have, if that is known.
pub(super) async fn while_shown<T: Send + 'static>(
    (what, total): (&'static str, Option<u64>),
    progress: ProgressMode,
    signals: &mut Signals,
    read: impl FnOnce((&CancellationToken, &AtomicU64)) -> T + Send + 'static,
) -> Result<T, CommandError> {
    let seen = Arc::new(AtomicU64::new(0));
    let bytes = Arc::clone(&seen);
    let now = || ReadingProgress { what, bytes: seen.load(Ordering::Relaxed), bytes_total: total };
    let name = format!("reading the {what}");
    tokio::select! {
        read = in_background(&name, signals, move |stop| read((stop, &bytes))) => read,
        never = while_working(display(progress, total), now) => match never {},
    }
}

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
        watch: InputWatch,
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Option<Self>, CommandError> {
        let Some(input) = reading.passwords.clone() else { return Ok(None) };
        output.console.note(&format!("Reading the passwords in {} …", input.name()));
        let (limits, file) = (reading.limits, input.clone());
        let what = ("passwords", input.size());
        let index = while_shown(what, output.progress, signals, move |watched| {
            Passwords::read(&file, &watch, limits, &std::env::temp_dir(), watched)
        });
        let index = index.await??;
        Ok(Some(Self { input, index: Arc::new(index) }))
    }

    /// Ends the account once the users were gone through, all of them if `complete`.
    pub(super) fn close(&self, complete: bool) -> Result<PasswordsReport, CommandError> {
        Ok(self.index.close(complete).map_err(PasswordsError::Temporary)?)
    }
}
