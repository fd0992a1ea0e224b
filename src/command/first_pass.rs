//! Goes through the inputs once before anything is sent, and keeps what that finds out for the rest of the run: whether they
//! can be read at all, what their bytes are, and who is in them twice.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::import_error::ImportError;
use super::passwords;
use super::prepare::PrepareError;
use super::progress::reporter;
use crate::index::{Duplicates, FoundDuplicates};
use crate::journal::{FirstPassRecord, RunDirectory, create_private, put_private};
use crate::pipeline::{DuplicateCheck, StopReason, find_duplicates};
use crate::report::JsonLines;
use crate::settings::{ImportSettings, Progress};
use crate::signal::Signals;
use crate::source::{Input, KnownInputs, Recorder, SourceError, Watch};

/// What is known of the inputs before the first request.
pub(super) struct FirstPass {
    /// What is done about users who are in them twice.
    pub duplicates: DuplicateCheck,
    /// How their bytes are held to what they were.
    pub watch: Watch,
}

/// Goes through the inputs, unless an earlier part of the run did. A pipe can be read only once: of one, nothing is known
/// before, and the target decides about duplicates.
pub(super) async fn first_pass(
    settings: &ImportSettings,
    directory: Option<&RunDirectory>,
    signals: &mut Signals,
) -> Result<FirstPass, ImportError> {
    if settings.intake.inputs.iter().any(Input::is_pipe) {
        return Ok(FirstPass { duplicates: DuplicateCheck::Off, watch: Watch::Record(Arc::default()) });
    }
    if let Some(kept) = directory.map(|directory| recall(settings, directory)).transpose()?.flatten() {
        return Ok(kept);
    }
    settings.console.note("Looking for duplicates within the input …");
    let blocks = match directory {
        Some(directory) => create_private(&directory.blocks()),
        None => tempfile::tempfile(),
    };
    let recorder = Arc::new(Recorder::with_blocks(blocks.map_err(StopReason::Temporary)?));
    let (found, complete) = find(settings, &recorder, signals).await?;
    let known = recorder.finish().map_err(StopReason::Temporary)?;
    // Kept before the duplicates, by which the next part of the run knows that all this was done.
    passwords::close(settings, complete, directory)?;
    let kept = keep(settings, directory, &known, &found);
    let (duplicates, watch) = (kept.map_err(StopReason::Temporary)?, Watch::Hold(Arc::new(known)));
    Ok(FirstPass { duplicates: DuplicateCheck::Reject(Arc::new(duplicates)), watch })
}

/// What an earlier part of the run found. One that was begun by a version that kept nothing of the bytes is not held to them.
fn recall(settings: &ImportSettings, directory: &RunDirectory) -> Result<Option<FirstPass>, ImportError> {
    let Ok(duplicates) = Duplicates::open(&directory.duplicates()) else { return Ok(None) };
    let path = directory.first_pass();
    let failed = |source| PrepareError::Io { path, source };
    let watch = match FirstPassRecord::read(directory).map_err(failed)? {
        None => Watch::Nothing,
        Some(record) => {
            if let (Some(passwords), Some(was)) = (&settings.intake.passwords, &record.passwords)
                && passwords.digest() != Some(was)
            {
                let input = settings.passwords.as_ref().map(Input::name).unwrap_or_default();
                return Err(PrepareError::Source(SourceError::Changed { input }).into());
            }
            let path = directory.blocks();
            let known = KnownInputs::open(record.inputs, &path);
            Watch::Hold(Arc::new(known.map_err(|source| PrepareError::Io { path, source })?))
        }
    };
    passwords::recall(settings, directory);
    Ok(Some(FirstPass { duplicates: DuplicateCheck::Reject(Arc::new(duplicates)), watch }))
}

fn keep(
    settings: &ImportSettings,
    directory: Option<&RunDirectory>,
    known: &KnownInputs,
    found: &FoundDuplicates,
) -> io::Result<Duplicates> {
    let write = |file: File| found.write(file);
    let Some(directory) = directory else { return tempfile::tempfile().and_then(write) };
    known.sync()?;
    let passwords = settings.intake.passwords.as_ref().and_then(|passwords| passwords.digest().cloned());
    FirstPassRecord { inputs: known.inputs.clone(), passwords }.write(directory)?;
    put_private(&directory.duplicates(), write)
}

/// Whether nothing of an input is sent: its bytes could not be had as they should be, or none of them can be relied on.
/// (Where it ends too early, and what is wrong with the document in it, is told when it is imported up to there.)
fn spoils_all(error: &SourceError, recorder: &Recorder) -> bool {
    error.is_of_bytes() || recorder.inputs().last().is_some_and(|input| input.reliable == Some(0))
}

/// The duplicates, and whether the inputs could be read to their ends.
async fn find(
    settings: &ImportSettings,
    recorder: &Arc<Recorder>,
    signals: &mut Signals,
) -> Result<(FoundDuplicates, bool), ImportError> {
    let mut reporter = match settings.progress {
        Progress::Json(every) => Box::new(JsonLines::of_search(every)),
        _ => reporter(settings),
    };
    let mut intake = settings.intake.clone();
    intake.watch = Watch::Record(Arc::clone(recorder));
    let (ledger, found) = find_duplicates(intake, reporter.as_mut(), signals).await;
    let complete = ledger.stopped.is_none();
    match ledger.stopped {
        Some(StopReason::Source(error)) if spoils_all(&error, recorder) => {
            return Err(PrepareError::Source(error).into());
        }
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
