//! Goes through the input before anything is sent: looks for duplicates, and counts what will be rejected. Both are kept for
//! the rest of the run.

use std::io;
use std::sync::Arc;

use super::import_error::ImportError;
use super::passwords;
use super::prepare::PrepareError;
use super::progress::reporter;
use crate::exit::ExitStatus;
use crate::index::{Duplicate, Duplicates, FoundDuplicates, Meaning};
use crate::journal::{FirstPass, RunDirectory, put_private};
use crate::pipeline::{DuplicateCheck, Ledger, StopReason, find_duplicates};
use crate::report::JsonLines;
use crate::settings::{ImportSettings, Progress};
use crate::signal::Signals;
use crate::source::Input;

/// What was found before anything is sent.
#[derive(Default)]
pub(super) struct Searched {
    /// What to do about duplicates.
    pub duplicates: DuplicateCheck,
    /// What else is known; nothing of a pipe, nor of a run that an earlier version began.
    pub first_pass: Option<FirstPass>,
}

/// What to do about duplicates of these inputs, which are gone through once for it. A pipe can be read only once: there
/// the target decides.
pub(super) async fn check(
    settings: &ImportSettings,
    directory: Option<&RunDirectory>,
    signals: &mut Signals,
) -> Result<Searched, ImportError> {
    if settings.intake.inputs.iter().any(Input::is_pipe) {
        return Ok(Searched::default());
    }
    let kept = directory.map(RunDirectory::duplicates);
    if let (Some(Ok(found)), Some(directory)) = (kept.as_deref().map(Duplicates::open), directory) {
        passwords::recall(settings, directory);
        return Ok(Searched {
            duplicates: DuplicateCheck::Reject(Arc::new(found)),
            first_pass: directory.first_pass(),
        });
    }
    settings.console.note("Looking for duplicates within the input …");
    let (found, ledger) = find(settings, signals).await?;
    let complete = ledger.stopped.is_none();
    let mut first_pass = first_pass(&found, &ledger, settings).map_err(StopReason::Temporary)?;
    if let Some(directory) = directory {
        // An earlier part of the run had made it, and lost what it found.
        first_pass.sent = directory.first_pass().is_some_and(|earlier| earlier.sent);
        let path = directory.path().to_path_buf();
        directory.keep_first_pass(&first_pass).map_err(|source| ImportError::Write { path, source })?;
    }
    // Kept before the duplicates, by which the next part of the run knows that all this was done.
    passwords::close(settings, complete, directory)?;
    let written = match kept {
        Some(path) => put_private(&path, |file| found.write(file)),
        None => tempfile::tempfile().and_then(|file| found.write(file)),
    };
    let found = written.map_err(StopReason::Temporary)?;
    Ok(Searched { duplicates: DuplicateCheck::Reject(Arc::new(found)), first_pass: Some(first_pass) })
}

/// Why nothing is to be sent, by what is known before.
pub(super) fn refusal(first_pass: &FirstPass, ledger: &Ledger, settings: &ImportSettings) -> Option<StopReason> {
    let rejects = first_pass.rejects + ledger.rejected_by_target();
    let found = first_pass.records.unwrap_or(u64::MAX);
    if let Some(least) = settings.min_records.filter(|least| found < *least) {
        return Some(StopReason::TooFewRecords { found, least });
    }
    if settings.strict && first_pass.rejects_of_all > 0 {
        return Some(StopReason::Strict { rejects: first_pass.rejects_of_all });
    }
    let limit = settings.max_errors.filter(|limit| rejects > *limit)?;
    Some(StopReason::TooManyPredicted { rejects, limit })
}

/// Counts what will be rejected: what does not map, and duplicates.
fn first_pass(found: &FoundDuplicates, ledger: &Ledger, settings: &ImportSettings) -> io::Result<FirstPass> {
    let (mut ours, mut all) = (0, 0);
    for duplicate in found.iter() {
        let Duplicate { place, meaning, .. } = duplicate?;
        if meaning == Meaning::Taken {
            all += 1;
            ours += u64::from(settings.intake.shard.is_none_or(|shard| shard.takes(place.number)));
        }
    }
    Ok(FirstPass {
        records: ledger.stopped.is_none().then(|| ledger.records()),
        rejects: ledger.rejected() + ours,
        rejects_of_all: ledger.rejected() + ledger.rejects_of_others + all,
        sent: false,
    })
}

/// The duplicates, and the account of going through the inputs, which may have ended too early.
async fn find(settings: &ImportSettings, signals: &mut Signals) -> Result<(FoundDuplicates, Ledger), ImportError> {
    let mut reporter = match settings.progress {
        Progress::Json(every) => Box::new(JsonLines::of_search(every)),
        _ => reporter(settings),
    };
    let (mut ledger, found) = find_duplicates(settings.intake.clone(), reporter.as_mut(), signals).await;
    match ledger.stopped.take() {
        // A store that fails may be there again a moment later, and what was not looked through would be sent all the same.
        Some(StopReason::Source(error)) if ExitStatus::of_source(&error) == ExitStatus::Unreachable => {
            return Err(PrepareError::Source(error).into());
        }
        // What is behind the end of an input that ends too early may have to be rejected.
        Some(StopReason::Source(error)) if settings.strict => return Err(PrepareError::Source(error).into()),
        // Where it ends is told when it is imported up to there.
        ended @ (None | Some(StopReason::Source(_))) => ledger.stopped = ended,
        Some(StopReason::Interrupted(signal)) => return Err(ImportError::Interrupted(signal)),
        Some(reason) => return Err(reason.into()),
    }
    match found {
        Ok(Some(found)) => Ok((found, ledger)),
        Ok(None) => Err(StopReason::Internal("the search for duplicates was left unfinished".to_owned()).into()),
        Err(error) => Err(StopReason::Temporary(error).into()),
    }
}
