//! What each pass does about [`UnchangedRecords`]: the first one finds out which records are unchanged, the second one goes by it.
//!
//! Both passes go through the same bytes, by the same rules, and go by the same memory of what the target confirmed. So what the
//! first pass finds unchanged is neither read nor mapped again: its place in the input says what it is. It is kept for one part of
//! a run only. What is not known there is mapped again, so an error costs work and nothing else.

use std::sync::Arc;

use crate::journal::{ConfirmedLookup, Settled};
use crate::recognition::{MappedRecord, Recognized, Recognizer, UnchangedRecords};
use crate::source::RecordChunk;

/// What the first pass goes by.
#[derive(Clone, Debug)]
pub struct LookForUnchanged {
    /// What the target confirmed; nothing if every user is asked about.
    pub confirmed_lookup: Option<Arc<ConfirmedLookup>>,
    /// Where it is kept which records are unchanged; those that are recognized from the night before are known there already.
    pub unchanged_records: Arc<UnchangedRecords>,
}

/// What is known of records that the target has as they are.
#[derive(Clone, Debug)]
pub(super) enum Unchanged {
    /// Nothing: each one is mapped and looked up.
    Unknown,
    /// Those that were unchanged in the night before. Which others are, is kept for the second pass.
    Keep(Arc<UnchangedRecords>),
    /// These records are unchanged, and need not be mapped.
    Known(Arc<UnchangedRecords>),
}

impl Unchanged {
    /// Whether this is the first pass, and one that keeps for the second pass, and for the next night, which records are unchanged.
    pub(super) fn is_kept_by_first_pass(&self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// In the second pass, the records of which the committer notes whether the target confirmed them.
    pub(super) fn of_second_pass(&self) -> Option<Arc<UnchangedRecords>> {
        match self {
            Self::Known(records) => Some(Arc::clone(records)),
            Self::Unknown | Self::Keep(_) => None,
        }
    }

    /// What recognizes records by their bytes while they are read.
    pub(super) fn recognizer(&self) -> Option<Recognizer> {
        match self {
            Self::Keep(records) => records.recognizer(),
            Self::Unknown | Self::Known(_) => None,
        }
    }

    /// The notices of each record of a chunk that is known to be unchanged. Some were recognized.
    pub(super) fn read(&self, input: u16, chunk: &RecordChunk, recognized: &[Option<Recognized>]) -> Vec<Option<u64>> {
        match self {
            Self::Keep(records) => records.recognize(input, chunk, recognized),
            Self::Known(records) => records.read(input, &chunk.spans),
            Self::Unknown => Vec::new(),
        }
    }

    /// Keeps what came of the records of a chunk in the first pass. If `recognized` is empty, none of them was.
    pub(super) fn keep(
        &self,
        place: (u16, &RecordChunk),
        recognized: &[Option<Recognized>],
        unchanged: &[Settled],
        mapped: &[MappedRecord],
    ) {
        if let Self::Keep(records) = self {
            records.keep(place, recognized, unchanged, mapped);
        }
    }
}
