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
    /// In the first pass, those that are recognized from the night before; all that the first pass finds unchanged is kept in it.
    FirstPass(Arc<UnchangedRecords>),
    /// In the second pass, those that the first pass found unchanged: they are not mapped again.
    SecondPass(Arc<UnchangedRecords>),
}

impl Unchanged {
    /// Whether this is the first pass, and one that keeps for the second pass, and for the next night, which records are unchanged.
    pub(super) fn is_kept_by_first_pass(&self) -> bool {
        matches!(self, Self::FirstPass(_))
    }

    /// In the second pass, the records of which the committer notes whether the target confirmed them.
    pub(super) fn of_second_pass(&self) -> Option<Arc<UnchangedRecords>> {
        match self {
            Self::SecondPass(records) => Some(Arc::clone(records)),
            Self::Unknown | Self::FirstPass(_) => None,
        }
    }

    /// What recognizes records by their bytes while they are read.
    pub(super) fn recognizer(&self) -> Option<Recognizer> {
        match self {
            Self::FirstPass(records) => records.recognizer(),
            Self::Unknown | Self::SecondPass(_) => None,
        }
    }

    /// The notices of each record of a chunk that is known to be unchanged: in the first pass of those that were `recognized`, in the
    /// second one of those that the first one found.
    pub(super) fn notices_of_unchanged(
        &self,
        input: u16,
        chunk: &RecordChunk,
        recognized: &[Option<Recognized>],
    ) -> Vec<Option<u64>> {
        match self {
            Self::FirstPass(records) => records.recognize(input, chunk, recognized),
            Self::SecondPass(records) => records.notices_of_unchanged(input, &chunk.spans),
            Self::Unknown => Vec::new(),
        }
    }

    /// In the first pass, keeps what came of the records of a chunk for the second pass and the next night; in the second one nothing
    /// is to be kept. If `recognized` is empty, none of them was.
    pub(super) fn keep_in_first_pass(
        &self,
        place: (u16, &RecordChunk),
        recognized: &[Option<Recognized>],
        unchanged: &[Settled],
        mapped: &[MappedRecord],
    ) {
        if let Self::FirstPass(records) = self {
            records.keep(place, recognized, unchanged, mapped);
        }
    }
}
