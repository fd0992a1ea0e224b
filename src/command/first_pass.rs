//! Goes through the inputs once before anything is sent, and keeps what that finds out for the rest of the run: whether they
//! can be read at all, what their bytes are, who is in them twice, and how many records will be rejected.

mod findings;
mod kept;
mod other_shard;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use findings::FileFindings;
use kept::{keep, read_kept};
use other_shard::OtherShards;

use super::import_error::ImportError;
use super::intake::intake;
use super::joined::JoinedFiles;
use super::prepare_error::PrepareError;
use super::progress::reporter_of_search;
use crate::files::create_private;
use crate::index::{Duplicate, Duplicates, FoundDuplicates, Meaning};
use crate::journal::{ConfirmedLookup, FirstPassRecord, Prediction};
use crate::kind::Kind;
use crate::outcomes::{Ledger, StopReason};
use crate::pipeline::{LookForUnchanged, find_duplicates};
use crate::recognition::{KnownFile, PassRecords};
use crate::selection::RecordsOfRun;
use crate::settings::{OutputSettings, ReadingSettings, RecordedRun};
use crate::signal::Signals;
use crate::source::{KnownInputs, Recorder, SourceError, Watch};

/// What is gone through.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    /// The inputs, and how they are mapped.
    pub reading: &'s ReadingSettings,
    /// Which of their records the run takes.
    pub records: &'s RecordsOfRun,
    /// What other files say about their users.
    pub joined: &'s JoinedFiles,
    /// What is remembered of the target, in an import that keeps it up to date.
    pub remembered: Option<&'s Remembered>,
    /// Where the progress goes.
    pub output: &'s OutputSettings,
    /// An input that ends too early is refused: what is behind its end may have to be rejected.
    pub strict: bool,
}

/// What is remembered of a target.
pub(super) struct Remembered {
    /// What it confirmed in earlier runs, if that is believed.
    pub lookup: Option<Arc<ConfirmedLookup>>,
    /// Which records these users are, if that is known.
    pub known: Option<Arc<KnownFile>>,
}

impl Subject<'_> {
    /// The first pass finds out what is still as the target confirmed it, and what the next night can know records by. Only users are
    /// the same in both passes: what refers to others is mapped with their ids later.
    fn look_for_unchanged(self) -> Option<LookForUnchanged> {
        let Remembered { lookup, known } = self.remembered.filter(|_| self.joined.is_empty())?;
        if self.reading.kinds.iter().any(|kind| *kind != Kind::User) {
            return None;
        }
        match PassRecords::create(self.reading.inputs.len(), known.clone()) {
            Ok(records) => {
                records.map(|records| LookForUnchanged { confirmed: lookup.clone(), records: Arc::new(records) })
            }
            Err(error) => {
                tracing::debug!(%error, "what is unchanged is not kept");
                None
            }
        }
    }
}

/// What is known of the inputs before the first request.
pub(super) enum FirstPass {
    /// Nothing, for some of them can be read only once: the target decides about duplicates.
    Pipe,
    /// What is in the files.
    Files(FileFindings),
}

impl FirstPass {
    /// Goes through the inputs of a run, unless an earlier part of it did and all of what it found is there. `has_begun` says
    /// whether an earlier part did anything.
    pub(super) async fn of_run(
        subject: Subject<'_>,
        run: &RecordedRun,
        has_begun: bool,
        signals: &mut Signals,
    ) -> Result<Self, ImportError> {
        let directory = &run.directory;
        if subject.reading.has_pipe() {
            return Ok(Self::Pipe);
        }
        if let Some(kept) = read_kept(subject.joined, directory)? {
            return Ok(Self::Files(kept));
        }
        // What was sent before went by what this run itself had found.
        let others = if has_begun { None } else { OtherShards::of(subject, run) };
        let turn = match &others {
            Some(others) => others.wait(signals).await?,
            None => None,
        };
        if let Some(found) = others.and_then(|others| others.take_over()) {
            return Ok(Self::Files(found));
        }
        let seen = LookedThrough::look(subject, create_private(&directory.blocks()), signals).await?;
        // An earlier part of the run may have had all this, and lost it.
        let before = FirstPassRecord::read(directory).ok().flatten();
        let sent = before.map_or(has_begun, |before| before.prediction.sent);
        let prediction = Prediction { sent, ..seen.prediction };
        // Kept before the duplicates, by which the next part of the run knows that all this was done.
        subject.joined.close_in(seen.is_complete, directory)?;
        let kept = keep(directory, subject.joined, &seen, prediction);
        let duplicates = Arc::new(kept.map_err(StopReason::Temporary)?);
        // Shards that wait for it find it now.
        drop(turn);
        Ok(Self::Files(FileFindings { duplicates, known: Arc::new(seen.known), prediction, unchanged: seen.unchanged }))
    }

    /// Goes through the inputs of a comparison, which keeps nothing.
    pub(super) async fn of_comparison(subject: Subject<'_>, signals: &mut Signals) -> Result<Self, ImportError> {
        if subject.reading.has_pipe() {
            return Ok(Self::Pipe);
        }
        let seen = LookedThrough::look(subject, tempfile::tempfile(), signals).await.map_err(|error| match error {
            ImportError::Prepare(PrepareError::Source(error)) => ImportError::NotCompared(error),
            other => other,
        })?;
        subject.joined.close(seen.is_complete)?;
        let duplicates = tempfile::tempfile().and_then(|file| seen.found.write(file));
        let duplicates = Arc::new(duplicates.map_err(StopReason::Temporary)?);
        let LookedThrough { known, prediction, unchanged, .. } = seen;
        Ok(Self::Files(FileFindings { duplicates, known: Arc::new(known), prediction, unchanged }))
    }

    /// Who is in the inputs twice, if that is known.
    pub(super) fn duplicates(&self) -> Option<&Arc<Duplicates>> {
        self.findings().map(|findings| &findings.duplicates)
    }

    /// Which records the target has as they are, if that is known.
    pub(super) fn unchanged(&self) -> Option<Arc<PassRecords>> {
        self.findings().and_then(|findings| findings.unchanged.clone())
    }

    /// What will come of the records, if that is known.
    pub(super) fn prediction(&self) -> Option<Prediction> {
        self.findings().map(|findings| findings.prediction)
    }

    /// What the bytes of the inputs are, if that is known.
    pub(super) fn known(&self) -> Option<&KnownInputs> {
        self.findings().map(|findings| &*findings.known)
    }

    /// How the bytes of the inputs are held to what they were.
    pub(super) fn watch(&self) -> Watch {
        self.findings()
            .map_or_else(|| Watch::Record(Arc::default()), |findings| Watch::Hold(Arc::clone(&findings.known)))
    }

    fn findings(&self) -> Option<&FileFindings> {
        match self {
            Self::Pipe => None,
            Self::Files(findings) => Some(findings),
        }
    }
}

/// What going through the files has shown.
struct LookedThrough {
    found: FoundDuplicates,
    known: KnownInputs,
    prediction: Prediction,
    unchanged: Option<Arc<PassRecords>>,
    /// How many records of each shard do not map, if the other shards may go by it.
    rejects_by_shard: Option<BTreeMap<u32, u64>>,
    /// All files were read to their end.
    is_complete: bool,
}

impl LookedThrough {
    /// Goes through the files; what their bytes are is kept in `blocks`.
    async fn look(subject: Subject<'_>, blocks: io::Result<File>, signals: &mut Signals) -> Result<Self, ImportError> {
        subject.output.console.note("Looking for duplicates within the input …");
        let recorder = Arc::new(Recorder::with_blocks(blocks.map_err(StopReason::Temporary)?));
        let look = subject.look_for_unchanged();
        let unchanged = look.as_ref().map(|look| Arc::clone(&look.records));
        let (found, ledger) = find(subject, &recorder, look, signals).await?;
        let known = recorder.finish().map_err(StopReason::Temporary)?;
        check_selected(subject, &known)?;
        let prediction = predict(&found, &ledger, subject.records).map_err(StopReason::Temporary)?;
        let is_complete = ledger.stopped.is_none();
        let rejects_by_shard = subject.records.shard().filter(|_| is_complete).map(|shard| {
            let ours = ledger.rejected();
            let mut rejects = ledger.rejects_of_others;
            rejects.insert(shard.number(), ours);
            rejects
        });
        Ok(Self { found, known, prediction, unchanged, rejects_by_shard, is_complete })
    }
}

/// Fails if an input is not what it was when the records were selected: the places of others would be taken for theirs.
fn check_selected(subject: Subject<'_>, known: &KnownInputs) -> Result<(), PrepareError> {
    let now = known.inputs.iter().map(|input| &input.digest);
    let changed = subject.records.selected().and_then(|selected| selected.changed_input(now));
    match changed.and_then(|index| subject.reading.inputs.get(index)) {
        Some(input) => Err(SourceError::Changed { input: input.name() }.into()),
        None => Ok(()),
    }
}

/// Counts what will be rejected: what does not map, and duplicates.
fn predict(found: &FoundDuplicates, ledger: &Ledger, records: &RecordsOfRun) -> io::Result<Prediction> {
    let (mut ours, mut all) = (0, 0);
    for duplicate in found.iter() {
        let Duplicate { place, meaning, .. } = duplicate?;
        if meaning == Meaning::Taken {
            all += 1;
            ours += u64::from(records.takes(place.input, place.number)?);
        }
    }
    let rejects = ledger.rejected() + ours;
    // What is not selected is nobody's, and stops nothing.
    let is_selection = records.selected().is_some();
    let of_others: u64 = ledger.rejects_of_others.values().sum();
    let rejects_of_all = if is_selection { rejects } else { ledger.rejected() + of_others + all };
    Ok(Prediction {
        // Of an input that ends too early, what is behind the end is not sent.
        records: Some(ledger.records()),
        rejects,
        rejects_of_all,
        sent: false,
    })
}

/// Whether nothing of an input is sent: its bytes could not be had as they should be, none of them can be relied on, or
/// users in it would be lost.
/// (Where it ends too early, and what is wrong with the document in it, is reported when it is imported up to there.)
fn spoils_all(error: &SourceError, recorder: &Recorder) -> bool {
    error.spoils_all() || recorder.inputs().last().is_some_and(|input| input.reliable == Some(0))
}

/// The duplicates, and the account of going through the inputs, which may have ended too early.
async fn find(
    subject: Subject<'_>,
    recorder: &Arc<Recorder>,
    unchanged: Option<LookForUnchanged>,
    signals: &mut Signals,
) -> Result<(FoundDuplicates, Ledger), ImportError> {
    let mut reporter = reporter_of_search(subject.output.progress, &subject.reading.inputs);
    let intake =
        intake(subject.reading, subject.records, Some(subject.joined), None, Watch::Record(Arc::clone(recorder)));
    let (mut ledger, found) = find_duplicates(intake, unchanged, reporter.as_mut(), signals).await;
    match ledger.stopped.take() {
        Some(StopReason::Source(error)) if subject.strict || spoils_all(&error, recorder) => {
            return Err(PrepareError::Source(error).into());
        }
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
