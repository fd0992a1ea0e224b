//! What a command reads of its inputs, and what it may go by: an import, or a comparison with the target, in both of its
//! passes.

use std::sync::Arc;

use super::joined::JoinedFiles;
use crate::journal::ConfirmedLookup;
use crate::kind::Kind;
use crate::pipeline::LookForUnchanged;
use crate::recognition::{KnownFile, UnchangedRecords};
use crate::selection::RecordsOfRun;
use crate::settings::{OutputSettings, ReadingSettings};

/// What is read.
#[derive(Clone, Copy)]
pub(in crate::command) struct ReadSubject<'s> {
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
pub(in crate::command) struct Remembered {
    /// What it confirmed in earlier runs, if that is believed.
    pub confirmed_lookup: Option<Arc<ConfirmedLookup>>,
    /// Which records these users are, if that is known.
    pub known_records: Option<Arc<KnownFile>>,
}

impl ReadSubject<'_> {
    /// The first pass finds out what is still as the target confirmed it, and what the next night can know records by. Only users are
    /// the same in both passes: what refers to others is mapped with their ids later.
    pub(super) fn look_for_unchanged(self) -> Option<LookForUnchanged> {
        let Remembered { confirmed_lookup, known_records } = self.remembered.filter(|_| self.joined.is_empty())?;
        if self.reading.kinds.iter().any(|kind| *kind != Kind::User) {
            return None;
        }
        match UnchangedRecords::create(self.reading.inputs.len(), known_records.clone()) {
            Ok(unchanged) => unchanged.map(|unchanged_records| LookForUnchanged {
                confirmed_lookup: confirmed_lookup.clone(),
                unchanged_records: Arc::new(unchanged_records),
            }),
            Err(error) => {
                tracing::debug!(%error, "what is unchanged is not kept");
                None
            }
        }
    }
}
