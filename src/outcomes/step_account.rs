//! What became of the records of each step of a run.

use std::collections::BTreeMap;

use super::Counts;
use crate::journal::RecordOutcome;
use crate::kind::Kind;

/// What became of the records of each step.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountBySteps {
    /// Of which kind the records of each input are.
    kinds: Vec<Kind>,
    steps: BTreeMap<Kind, Counts>,
}

impl AccountBySteps {
    pub(super) fn of(kinds: &[Kind]) -> Self {
        let steps = kinds.iter().map(|kind| (*kind, Counts::default())).collect();
        Self { kinds: kinds.to_vec(), steps }
    }

    fn step(&mut self, input: u16) -> Option<&mut Counts> {
        self.steps.get_mut(self.kinds.get(usize::from(input))?)
    }

    pub(super) fn read(&mut self, input: u16, records: u64, valid: u64) {
        if let Some(step) = self.step(input) {
            step.read += records;
            step.valid = Some(step.valid.unwrap_or_default() + valid);
        }
    }

    pub(super) fn settled(&mut self, input: u16, outcome: &RecordOutcome) {
        let Some(step) = self.step(input) else { return };
        match outcome {
            RecordOutcome::Created { .. } => step.created += 1,
            RecordOutcome::Updated => step.updated += 1,
            RecordOutcome::Unchanged => step.unchanged += 1,
            RecordOutcome::Rejected { .. } => step.rejected += 1,
        }
    }

    pub(super) fn rejected(&mut self, input: u16) {
        if let Some(step) = self.step(input) {
            step.rejected += 1;
        }
    }

    /// A record of a dry run that was taken for a valid one is none.
    pub(super) fn no_more_valid(&mut self, input: u16) {
        if let Some(step) = self.step(input) {
            step.valid = step.valid.map(|valid| valid.saturating_sub(1));
        }
    }

    /// The counts of each step, in the order of the steps; nothing if there is but one.
    pub(super) fn counts(&self, sending: bool) -> Vec<(Kind, Counts)> {
        if self.steps.len() < 2 {
            return Vec::new();
        }
        let counted = |(kind, counts): (&Kind, &Counts)| {
            let settled = if sending {
                counts.created + counts.updated + counts.unchanged
            } else {
                counts.valid.unwrap_or_default()
            };
            let unfinished = counts.read.saturating_sub(settled + counts.rejected);
            let valid = (!sending).then(|| counts.valid.unwrap_or_default());
            (*kind, Counts { valid, unfinished, ..*counts })
        };
        self.steps.iter().map(counted).collect()
    }
}
