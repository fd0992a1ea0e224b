//! Looks for duplicates within the input before anything is sent, and keeps them for the rest of the run.

use std::sync::Arc;

use super::import_error::ImportError;
use super::passwords;
use super::prepare::PrepareError;
use super::progress::reporter;
use crate::exit::ExitStatus;
use crate::index::{Duplicates, FoundDuplicates};
use crate::journal::{RunDirectory, put_private};
use crate::pipeline::{DuplicateCheck, StopReason, find_duplicates};
use crate::report::JsonLines;
use crate::settings::{ImportSettings, Progress};
use crate::signal::Signals;
use crate::source::Input;

/// What to do about duplicates of these inputs, which are gone through once for it. A pipe can be read only once: there
/// the target decides.
pub(super) async fn check(
    settings: &ImportSettings,
    directory: Option<&RunDirectory>,
    signals: &mut Signals,
) -> Result<DuplicateCheck, ImportError> {
    if settings.intake.inputs.iter().any(Input::is_pipe) {
        return Ok(DuplicateCheck::Off);
    }
    let kept = directory.map(RunDirectory::duplicates);
    if let (Some(Ok(found)), Some(directory)) = (kept.as_deref().map(Duplicates::open), directory) {
        passwords::recall(settings, directory);
        return Ok(DuplicateCheck::Reject(Arc::new(found)));
    }
    settings.console.note("Looking for duplicates within the input …");
    let (found, complete) = find(settings, signals).await?;
    // Kept before the duplicates, by which the next part of the run knows that all this was done.
    passwords::close(settings, complete, directory)?;
    let written = match kept {
        Some(path) => put_private(&path, |file| found.write(file)),
        None => tempfile::tempfile().and_then(|file| found.write(file)),
    };
    let found = written.map_err(StopReason::Temporary)?;
    Ok(DuplicateCheck::Reject(Arc::new(found)))
}

/// The duplicates, and whether the inputs could be read to their ends.
async fn find(settings: &ImportSettings, signals: &mut Signals) -> Result<(FoundDuplicates, bool), ImportError> {
    let mut reporter = match settings.progress {
        Progress::Json(every) => Box::new(JsonLines::of_search(every)),
        _ => reporter(settings),
    };
    let (ledger, found) = find_duplicates(settings.intake.clone(), reporter.as_mut(), signals).await;
    let complete = ledger.stopped.is_none();
    match ledger.stopped {
        // A store that fails may be there again a moment later, and what was not looked through would be sent all the same.
        Some(StopReason::Source(error)) if ExitStatus::of_source(&error) == ExitStatus::Unreachable => {
            return Err(PrepareError::Source(error).into());
        }
        // Where the input ends too early is told when it is imported up to there.
        None | Some(StopReason::Source(_)) => {}
        Some(StopReason::Interrupted(signal)) => return Err(ImportError::Interrupted(signal)),
        Some(reason) => return Err(reason.into()),
    }
    match found {
        Ok(Some(found)) => Ok((found, complete)),
        Ok(None) => Err(StopReason::Internal("the search for duplicates was left unfinished".to_owned()).into()),
        Err(error) => Err(StopReason::Temporary(error).into()),
    }
}
