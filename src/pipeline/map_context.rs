//! What mapping goes by, the same for all chunks of a job.

use std::sync::Arc;

use super::duplicates::DuplicateCheck;
use super::job::Intake;
use super::mode_parts::ModeParts;
use super::unchanged::Unchanged;
use crate::delivery::Pieces;
use crate::destination::RunMark;
use crate::id_map::IdLookup;
use crate::journal::{ConfirmedLookup, Progress};
use crate::mapping::RecordMapper;
use crate::selection::RecordsOfRun;

/// What mapping goes by.
pub(super) struct MapContext {
    /// How records become what is sent, for each input.
    pub mapper_of_input: Vec<Arc<dyn RecordMapper>>,
    /// What an earlier part of the run has settled.
    pub progress: Arc<Progress>,
    /// What is known to be at the target, so that it need not be asked.
    pub confirmed_lookup: Option<Arc<ConfirmedLookup>>,
    /// Which records are known to be unchanged.
    pub unchanged: Unchanged,
    /// Whom the target had before this part of the run, and under which external id.
    pub ids: Option<Arc<IdLookup>>,
    /// What is done about records that are in the input twice.
    pub duplicates: DuplicateCheck,
    /// Whether the encoded form is wanted, or only whether there is one.
    pub encode: bool,
    /// Whether somebody takes the records that can be sent, or they are only counted.
    pub wants_ready: bool,
    /// Bytes of the destination's largest request.
    pub largest_request: usize,
    /// What the run puts on what it creates.
    pub mark: Option<RunMark>,
    /// How many of the first records are kept for display.
    pub preview: usize,
    /// Whether the counts of a forecast are wanted.
    pub forecast: bool,
    /// Which records are ours. The others are looked at only if their keys are to be collected.
    pub records: RecordsOfRun,
    /// Where encoded records lie.
    pub pieces: Pieces,
}

impl MapContext {
    /// For the records of a job.
    pub(super) fn of(parts: &ModeParts, intake: &Intake) -> Self {
        Self {
            mapper_of_input: intake.mapper_of_input.clone(),
            progress: Arc::clone(&parts.progress),
            confirmed_lookup: parts.confirmed_lookup.clone(),
            unchanged: parts.unchanged.clone(),
            ids: parts.ids.clone(),
            duplicates: parts.duplicates.clone(),
            // What was confirmed is known by the hash of the encoded form.
            encode: parts.delivery.is_some()
                || (parts.unchanged.is_kept_by_first_pass() && parts.confirmed_lookup.is_some()),
            wants_ready: parts.delivery.is_some(),
            largest_request: intake.largest_request,
            mark: parts.delivery.as_ref().and_then(|delivery| delivery.mark.clone()),
            preview: parts.preview,
            forecast: parts.forecast,
            records: intake.records.clone(),
            pieces: Pieces::default(),
        }
    }

    /// What maps the records of an input.
    pub(super) fn mapper(&self, input: u16) -> &dyn RecordMapper {
        &*self.mapper_of_input[usize::from(input)]
    }
}
