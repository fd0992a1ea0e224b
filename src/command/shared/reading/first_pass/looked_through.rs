//! Going through the files, and what that shows: their bytes, who is in them twice, what will be rejected.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::super::super::run_start_error::RunStartError;
use super::super::intake::intake;
use super::super::read_subject::ReadSubject;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::terminal::progress::reporter_of_search;
use crate::index::{Duplicate, DuplicateMeaning, FoundDuplicates};
use crate::journal::Prediction;
use crate::outcomes::{Ledger, StopReason};
use crate::pipeline::{LookForUnchanged, NotedStarts, ShardBlocks, run_first_pass};
use crate::recognition::UnchangedRecords;
use crate::selection::RecordsOfRun;
use crate::signal::Signals;
use crate::source::{KnownInputs, Recorder, SourceError, Watch};

/// What going through the files has shown.
pub(super) struct LookedThrough {
    pub found: FoundDuplicates,
    /// What their bytes are.
    pub inputs: KnownInputs,
    pub prediction: Prediction,
    pub unchanged_records: Option<Arc<UnchangedRecords>>,
    /// How many records of each shard do not map, if the other shards may go by it.
    pub rejects_by_shard: Option<BTreeMap<u32, u64>>,
    /// Where the blocks of all shards begin, if the other shards may go by it.
    pub starts: Option<Arc<NotedStarts>>,
    /// All files were read to their end.
    pub is_complete: bool,
}

impl LookedThrough {
    /// Goes through the files; what their bytes are is known by `block_hashes`, a file for the hashes of their blocks.
    pub(super) async fn look(
        subject: ReadSubject<'_>,
        block_hashes: io::Result<File>,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        subject.output.console.note("Looking for duplicates within the input …");
        // A selection that an earlier version made is checked by that version's kind of sum.
        let kind = subject.records.selected().map(|selected| selected.kind_of_sum()).unwrap_or_default();
        let recorder = Arc::new(Recorder::with_block_hashes(kind, block_hashes.map_err(StopReason::Temporary)?));
        let look = subject.look_for_unchanged();
        let unchanged_records = look.as_ref().map(|look| Arc::clone(&look.unchanged_records));
        let starts = subject.records.shard().map(|_| Arc::<NotedStarts>::default());
        let shard_blocks = starts.clone().map_or(ShardBlocks::Unknown, ShardBlocks::Note);
        let (found, ledger) = find(subject, (&recorder, shard_blocks), look, signals).await?;
        let inputs = recorder.finish().map_err(StopReason::Temporary)?;
        check_selected(subject, &inputs)?;
        subject.reading.check_read_earlier(&inputs.inputs).map_err(RunStartError::Source)?;
        let prediction = predict(&found, &ledger, subject.records).map_err(StopReason::Temporary)?;
        let is_complete = ledger.stopped.is_none();
        let rejects_by_shard = subject.records.shard().filter(|_| is_complete).map(|shard| {
            let ours = ledger.rejected();
            let mut rejects = ledger.rejects_of_others;
            rejects.insert(shard.number(), ours);
            rejects
        });
        let starts = starts.filter(|_| is_complete);
        Ok(Self { found, inputs, prediction, unchanged_records, rejects_by_shard, starts, is_complete })
    }
}

/// Fails if an input is not what it was when the records were selected: the places of others would be taken for theirs.
fn check_selected(subject: ReadSubject<'_>, inputs: &KnownInputs) -> Result<(), RunStartError> {
    let now = inputs.inputs.iter().map(|input| &input.digest);
    let changed = subject.records.selected().and_then(|selected| selected.changed_input(now));
    match changed.and_then(|index| subject.reading.inputs.get(index)) {
        Some(input) => Err(SourceError::Changed { input: input.name(), is_passed_on: false }.into()),
        None => Ok(()),
    }
}

/// Counts what will be rejected: what does not map, and duplicates.
fn predict(found: &FoundDuplicates, ledger: &Ledger, records: &RecordsOfRun) -> io::Result<Prediction> {
    let (mut ours, mut all) = (0, 0);
    for duplicate in found.iter() {
        let Duplicate { place, meaning, .. } = duplicate?;
        if meaning == DuplicateMeaning::Taken {
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
        may_have_sent: false,
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
    subject: ReadSubject<'_>,
    (recorder, shard_blocks): (&Arc<Recorder>, ShardBlocks),
    unchanged: Option<LookForUnchanged>,
    signals: &mut Signals,
) -> Result<(FoundDuplicates, Ledger), CommandError> {
    let mut reporter = reporter_of_search(subject.output.progress, &subject.reading.inputs);
    let intake =
        intake(subject.reading, subject.records, Some(subject.joined), None, Watch::Record(Arc::clone(recorder)))
            .with_shard_blocks(shard_blocks);
    let (mut ledger, found) = run_first_pass(intake, unchanged, reporter.as_mut(), signals).await;
    match ledger.stopped.take() {
        Some(StopReason::Source(error)) if subject.strict || spoils_all(&error, recorder) => {
            return Err(RunStartError::Source(error).into());
        }
        ended @ (None | Some(StopReason::Source(_))) => ledger.stopped = ended,
        Some(StopReason::Interrupted(signal)) => return Err(CommandError::Interrupted(signal)),
        Some(reason) => return Err(reason.into()),
    }
    match found {
        Ok(Some(found)) => Ok((found, ledger)),
        Ok(None) => Err(StopReason::Internal("the search for duplicates was left unfinished".to_owned()).into()),
        Err(error) => Err(StopReason::Temporary(error).into()),
    }
}
