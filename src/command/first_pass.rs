//! Goes through the inputs once before anything is sent, and keeps what that finds out for the rest of the run: whether they
//! can be read at all, what their bytes are, who is in them twice, and how many records will be rejected.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::import_error::ImportError;
use super::passwords;
use super::prepare_error::PrepareError;
use super::progress::reporter;
use crate::account::{Ledger, StopReason};
use crate::files::{create_private, put_private};
use crate::index::{Duplicate, Duplicates, FoundDuplicates, Meaning};
use crate::journal::{FirstPassRecord, Prediction, RunDirectory};
use crate::pipeline::{DuplicateCheck, find_duplicates};
use crate::report::JsonLines;
use crate::settings::{ImportSettings, ProgressMode};
use crate::signal::Signals;
use crate::source::{Input, KnownInputs, Recorder, SourceError, Watch};

/// What is known of the inputs before the first request.
pub(super) struct FirstPass {
    /// What is done about users who are in them twice.
    pub duplicates: DuplicateCheck,
    /// How their bytes are held to what they were.
    pub watch: Watch,
    /// What will come of their records; nothing of a pipe, nor of a run that an earlier version began.
    pub prediction: Option<Prediction>,
}

/// Goes through the inputs, unless an earlier part of the `run` did and all of what it found is there; with its directory comes
/// whether an earlier part did anything. A pipe can be read only once: of one, nothing is known before, and the target decides about
/// duplicates.
pub(super) async fn first_pass(
    settings: &ImportSettings,
    run: Option<(&RunDirectory, bool)>,
    signals: &mut Signals,
) -> Result<FirstPass, ImportError> {
    let (directory, has_begun) = run.map_or((None, false), |(directory, has_begun)| (Some(directory), has_begun));
    if settings.intake.inputs.iter().any(Input::is_pipe) {
        let watch = Watch::Record(Arc::default());
        return Ok(FirstPass { duplicates: DuplicateCheck::Off, watch, prediction: None });
    }
    if let Some(kept) = directory.map(|directory| read_kept(settings, directory)).transpose()?.flatten() {
        return Ok(kept);
    }
    settings.console.note("Looking for duplicates within the input …");
    let blocks = match directory {
        Some(directory) => create_private(&directory.blocks()),
        None => tempfile::tempfile(),
    };
    let recorder = Arc::new(Recorder::with_blocks(blocks.map_err(StopReason::Temporary)?));
    let (found, ledger) = find(settings, &recorder, signals).await?;
    let complete = ledger.stopped.is_none();
    let known = recorder.finish().map_err(StopReason::Temporary)?;
    let mut prediction = predict(&found, &ledger, settings).map_err(StopReason::Temporary)?;
    // An earlier part of the run may have had all this, and lost it.
    let before = directory.and_then(|directory| FirstPassRecord::read(directory).ok().flatten());
    prediction.sent = before.map_or(has_begun, |before| before.prediction.sent);
    // Kept before the duplicates, by which the next part of the run knows that all this was done.
    passwords::close(settings, complete, directory)?;
    let kept = keep(settings, directory, (&known, prediction), &found);
    let duplicates = DuplicateCheck::Reject(Arc::new(kept.map_err(StopReason::Temporary)?));
    Ok(FirstPass { duplicates, watch: Watch::Hold(Arc::new(known)), prediction: Some(prediction) })
}

/// What an earlier part of the run found. If any of it is missing or damaged, all is found out again: it is in the inputs.
fn read_kept(settings: &ImportSettings, directory: &RunDirectory) -> Result<Option<FirstPass>, ImportError> {
    let record = match FirstPassRecord::read(directory) {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(None),
        Err(error) => return Ok(found_again(&error)),
    };
    if let (Some(passwords), Some(was)) = (&settings.joined, &record.passwords)
        && passwords.digest() != Some(was)
    {
        let input = settings.passwords.as_ref().map(Input::name).unwrap_or_default();
        return Err(PrepareError::Source(SourceError::Changed { input }).into());
    }
    let (known, duplicates) = match files_of(&record, directory) {
        Ok(found) => found,
        Err(error) => return Ok(found_again(&error)),
    };
    if !passwords::read_kept(settings, directory) {
        return Ok(found_again(&format!("`{}` is missing or damaged", directory.passwords().display())));
    }
    let (duplicates, watch) = (DuplicateCheck::Reject(Arc::new(duplicates)), Watch::Hold(Arc::new(known)));
    Ok(Some(FirstPass { duplicates, watch, prediction: Some(record.prediction) }))
}

fn found_again(problem: &dyn std::fmt::Display) -> Option<FirstPass> {
    tracing::warn!(
        "what the run found out about its inputs cannot be used, and is found out again from them: {problem}"
    );
    None
}

/// The files beside the record of the first pass. With others in their place, duplicates would be sent, or inputs taken for
/// changed.
fn files_of(record: &FirstPassRecord, directory: &RunDirectory) -> Result<(KnownInputs, Duplicates), String> {
    let told = |path: &Path, problem: &dyn std::fmt::Display| format!("`{}` {problem}", path.display());
    let (blocks, duplicates) = (directory.blocks(), directory.duplicates());
    let cannot_be_read = |error: std::io::Error| format!("cannot be read: {error}");
    let known = KnownInputs::open(record.inputs.clone(), &blocks).and_then(|known| Ok((known.sum()?, known)));
    let (of_blocks, known) = known.map_err(|error| told(&blocks, &cannot_be_read(error)))?;
    let found = Duplicates::open(&duplicates).and_then(|found| Ok((found.sum()?, found)));
    let (of_duplicates, found) = found.map_err(|error| told(&duplicates, &cannot_be_read(error)))?;
    if of_blocks.is_none() || record.sums.is_some_and(|(blocks, _)| of_blocks != Some(blocks)) {
        return Err(told(&blocks, &"is damaged"));
    }
    if record.sums.is_some_and(|(_, duplicates)| of_duplicates != duplicates) {
        return Err(told(&duplicates, &"is damaged"));
    }
    Ok((known, found))
}

fn keep(
    settings: &ImportSettings,
    directory: Option<&RunDirectory>,
    (known, prediction): (&KnownInputs, Prediction),
    found: &FoundDuplicates,
) -> io::Result<Duplicates> {
    let write = |file: File| found.write(file);
    let Some(directory) = directory else { return tempfile::tempfile().and_then(write) };
    known.sync()?;
    let passwords = settings.joined.as_ref().and_then(|passwords| passwords.digest().cloned());
    let sums = known.sum()?.map(|blocks| Ok::<_, io::Error>((blocks, found.sum()?))).transpose()?;
    FirstPassRecord { inputs: known.inputs.clone(), passwords, prediction, sums }.write(directory)?;
    put_private(&directory.duplicates(), write)
}

/// Counts what will be rejected: what does not map, and duplicates.
fn predict(found: &FoundDuplicates, ledger: &Ledger, settings: &ImportSettings) -> io::Result<Prediction> {
    let (mut ours, mut all) = (0, 0);
    for duplicate in found.iter() {
        let Duplicate { place, meaning, .. } = duplicate?;
        if meaning == Meaning::Taken {
            all += 1;
            ours += u64::from(settings.intake.shard.is_none_or(|shard| shard.takes(place.number)));
        }
    }
    Ok(Prediction {
        // Of an input that ends too early, what is behind the end is not sent.
        records: Some(ledger.records()),
        rejects: ledger.rejected() + ours,
        rejects_of_all: ledger.rejected() + ledger.rejects_of_others + all,
        sent: false,
    })
}

/// Why nothing is to be sent, by what is known before.
pub(super) fn refusal(prediction: &Prediction, ledger: &Ledger, settings: &ImportSettings) -> Option<StopReason> {
    let rejects = prediction.rejects + ledger.rejected_by_target();
    let found = prediction.records.unwrap_or(u64::MAX);
    if let Some(least) = settings.min_records.filter(|least| found < *least) {
        return Some(StopReason::TooFewRecords { found, least });
    }
    if settings.strict && prediction.rejects_of_all > 0 {
        return Some(StopReason::Strict { rejects: prediction.rejects_of_all });
    }
    let limit = settings.max_errors.filter(|limit| rejects > *limit)?;
    Some(StopReason::TooManyPredicted { rejects, limit })
}

/// Whether nothing of an input is sent: its bytes could not be had as they should be, none of them can be relied on, or
/// users in it would be lost.
/// (Where it ends too early, and what is wrong with the document in it, is reported when it is imported up to there.)
fn spoils_all(error: &SourceError, recorder: &Recorder) -> bool {
    error.spoils_all() || recorder.inputs().last().is_some_and(|input| input.reliable == Some(0))
}

/// The duplicates, and the account of going through the inputs, which may have ended too early.
async fn find(
    settings: &ImportSettings,
    recorder: &Arc<Recorder>,
    signals: &mut Signals,
) -> Result<(FoundDuplicates, Ledger), ImportError> {
    let mut reporter = match settings.progress {
        ProgressMode::Json(every) => Box::new(JsonLines::of_search(every)),
        _ => reporter(settings),
    };
    let mut intake = settings.intake.clone();
    intake.watch = Watch::Record(Arc::clone(recorder));
    let (mut ledger, found) = find_duplicates(intake, reporter.as_mut(), signals).await;
    match ledger.stopped.take() {
        Some(StopReason::Source(error)) if spoils_all(&error, recorder) => {
            return Err(PrepareError::Source(error).into());
        }
        // What is behind the end of an input that ends too early may have to be rejected.
        Some(StopReason::Source(error)) if settings.strict => return Err(PrepareError::Source(error).into()),
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
