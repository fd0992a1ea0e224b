//! What the journal of a run says that it did, before any of it is undone.

mod created_sample;

use std::sync::Arc;

use created_sample::CreatedSample;

use super::super::shared::command_error::CommandError;
use super::deletion::{CreatedRecord, Deletion};
use super::undo_error::UndoError;
use crate::destination::Destination;
use crate::journal::{Ending, InDoubt, Journal, RecordKey, RecordOutcome, RunDirectory, RunRecord};
use crate::kind::Kind;
use crate::report::DeletedKinds;

/// What a journal says of what its run did.
pub(super) struct RunEffects {
    /// What the run created.
    pub created: DeletedKinds,
    /// Some of that.
    sample: CreatedSample,
    /// What it changed.
    pub updated: u64,
    /// Records of which it is not known whether the run created what they stand for.
    pub doubts: Vec<InDoubt>,
    /// Nothing of its end is missing.
    pub has_end: bool,
}

impl RunEffects {
    /// Whether any user or organization that the run created is at the target, as far as some of them show; also if it created none.
    /// `looking` counts, and deletes nothing.
    pub(super) async fn are_there(
        &self,
        looking: &mut Deletion<'_>,
        target: &Arc<dyn Destination>,
    ) -> Result<bool, CommandError> {
        self.sample.is_there(looking, target).await
    }

    /// Whether some of what the run created has to be at the target, if nobody deleted it.
    pub(super) fn has_to_be_seen(&self) -> bool {
        self.sample.created() > 0
    }

    /// Whether there may be anything at the target that the run created.
    pub(super) fn may_delete(&self) -> bool {
        self.created.all().created > 0 || !self.doubts.is_empty() || !self.has_end
    }
}

/// Reads the whole journal for that.
pub(super) fn read_effects(directory: &RunDirectory, record: &RunRecord) -> Result<RunEffects, UndoError> {
    let (mut created, mut updated, mut sample) = (DeletedKinds::default(), 0, CreatedSample::default());
    let account = Journal::read_whole(&directory.journal(), &directory.rejects(), record.inputs.len(), |settled| {
        if let RecordOutcome::Created { external_id, id } = &settled.outcome {
            let kind = kind_of(record, settled.key);
            created.of(kind).created += 1;
            sample.note(kind, || CreatedRecord { key: settled.key, external_id: external_id.clone(), id: id.clone() });
        }
        updated += u64::from(settled.outcome == RecordOutcome::Updated);
    })?;
    let doubts = if let Ending::InDoubt(doubts) = account.ending { doubts } else { Vec::new() };
    Ok(RunEffects { created, sample, updated, doubts, has_end: account.has_end })
}

/// Of which kind a record of a run is.
pub(super) fn kind_of(record: &RunRecord, key: RecordKey) -> Kind {
    record.inputs.get(usize::from(key.input)).map_or_else(Kind::default, |input| input.kind)
}
