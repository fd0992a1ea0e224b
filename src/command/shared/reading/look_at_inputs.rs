//! Looks at all inputs before anything else is done: a wrong name is reported at once, and the job can be stopped while a store
//! does not answer.

use super::super::command_error::CommandError;
use super::super::run_start_error::RunStartError;
use crate::outcomes::StopReason;
use crate::report::Console;
use crate::settings::ReadingSettings;
use crate::signal::Signals;
use crate::source::{Input, SourceError};

/// Opens each file once, so that a wrong path is the first thing that is reported, and the only one.
pub(in crate::command) fn look_at_inputs(reading: &ReadingSettings) -> Result<(), RunStartError> {
    reading.files().try_for_each(open_once)
}

/// Opens a file once. A pipe is not opened: it can be only once.
pub(in crate::command) fn open_once(input: &Input) -> Result<(), RunStartError> {
    match input {
        // Looking at it opens it, in fewer requests.
        Input::Object(_) => {}
        _ if input.is_pipe() => {}
        _ => drop(input.open()?),
    }
    Ok(())
}

/// Says who stays at the target although they are gone at Clerk.
pub(in crate::command) fn note_deleted(reading: &ReadingSettings, console: Console) {
    for (file, users) in reading.deleted.iter().filter(|(_, users)| *users > 0) {
        console.note(&format!(
            "Users who are not at Clerk any more: {users}, in {}. An import deletes nobody: they stay at the target.",
            file.display()
        ));
    }
}

/// Asks for the version of each object, which is the one that is read from here on.
pub(in crate::command) async fn fix_object_versions(
    reading: &ReadingSettings,
    signals: &mut Signals,
) -> Result<(), CommandError> {
    for input in reading.files() {
        let Input::Object(object) = input.clone() else { continue };
        let looking = tokio::task::spawn_blocking(move || object.version());
        let looked = tokio::select! {
            looked = looking => looked,
            signal = signals.next() => return Err(CommandError::Interrupted(signal)),
        };
        let failed = |error| StopReason::Internal(format!("looking at an object failed: {error}"));
        looked
            .map_err(failed)?
            .map_err(|reason| RunStartError::Source(SourceError::Open { input: input.name(), reason }))?;
    }
    Ok(())
}
