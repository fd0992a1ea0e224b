//! What the stages of the pipeline need, one by one, in each mode.

use std::sync::Arc;

use super::duplicates::DuplicateCheck;
use super::job::{DryRun, ImportRun, Intake, Mode, Sending};
use super::unchanged::Unchanged;
use crate::delivery::DeliveryTerms;
use crate::id_map::IdLookup;
use crate::index::DuplicateFinder;
use crate::journal::{ConfirmedLookup, ConfirmedUsers, Journal, Progress};
use crate::outcomes::Ledger;

/// What the stages need, one by one, in each mode.
pub(super) struct ModeParts {
    /// Whether duplicates are searched for, or were found before and are rejected.
    pub duplicates: DuplicateCheck,
    /// Has the duplicates, where they are reported at the end and nobody rejects them: a dry run.
    pub duplicates_to_report: Option<Arc<DuplicateFinder>>,
    /// Whether the counts of a forecast are wanted: in a dry run.
    pub forecast: bool,
    /// How many identities are shown; some in a dry run only.
    pub preview: usize,
    /// How batches are sent; an import only.
    pub delivery: Option<DeliveryTerms>,
    /// Where outcomes become durable; whatever is a run has one.
    pub journal: Option<Journal>,
    /// What the target confirmed, to be kept up to date; an import only.
    pub confirmed: Option<ConfirmedUsers>,
    /// Whom the target confirmed in earlier runs, so that they are not asked about.
    pub confirmed_lookup: Option<Arc<ConfirmedLookup>>,
    /// Which records are known to be unchanged: found out in a first pass, gone by in an import.
    pub unchanged: Unchanged,
    /// Who had which external id before; an import only.
    pub ids: Option<Arc<IdLookup>>,
    /// What earlier parts of the run settled.
    pub progress: Arc<Progress>,
    /// The account so far.
    pub ledger: Ledger,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
    /// Rejects that the first pass found, which an import counts for that from the beginning.
    pub predicted_rejects: u64,
}

impl ModeParts {
    pub(super) fn of(mode: Mode, intake: &Intake) -> Self {
        match mode {
            Mode::DryRun(DryRun { preview, max_errors }) => {
                let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
                let duplicates_to_report = Some(Arc::clone(&finder));
                let rest = Self::keeping_nothing(intake, DuplicateCheck::Find(finder));
                Self { duplicates_to_report, forecast: true, preview, max_errors, ..rest }
            }
            Mode::FirstPass(finder, unchanged) => {
                let (confirmed_lookup, unchanged) = match unchanged {
                    Some(look) => (look.confirmed_lookup, Unchanged::FirstPass(look.unchanged_records)),
                    None => (None, Unchanged::Unknown),
                };
                Self { confirmed_lookup, unchanged, ..Self::keeping_nothing(intake, DuplicateCheck::Find(finder)) }
            }
            Mode::Withheld(run, reason) => {
                let mut parts = Self::of_run(*run);
                parts.ledger.stopped = Some(reason);
                parts
            }
            Mode::Import(run, sending) => {
                let Sending { delivery, confirmed, unchanged_records, ids, max_errors, predicted_rejects } = *sending;
                let (confirmed, confirmed_lookup) = confirmed.map(|before| (before.users, before.lookup)).unzip();
                let (delivery, confirmed_lookup) = (Some(delivery), confirmed_lookup.flatten());
                let unchanged = unchanged_records.map_or(Unchanged::Unknown, Unchanged::SecondPass);
                Self {
                    delivery,
                    confirmed,
                    confirmed_lookup,
                    unchanged,
                    ids,
                    max_errors,
                    predicted_rejects,
                    ..Self::of_run(*run)
                }
            }
        }
    }

    /// Nothing is sent or kept.
    fn keeping_nothing(intake: &Intake, duplicates: DuplicateCheck) -> Self {
        Self {
            duplicates,
            duplicates_to_report: None,
            forecast: false,
            preview: 0,
            delivery: None,
            journal: None,
            confirmed: None,
            confirmed_lookup: None,
            unchanged: Unchanged::Unknown,
            ids: None,
            progress: Arc::new(Progress::new(intake.inputs.len())),
            ledger: Ledger::of_looking(&intake.inputs).of_shard(intake.records.shard()).of_kinds(&intake.kinds()),
            max_errors: None,
            predicted_rejects: 0,
        }
    }

    /// Nothing is sent, and all is kept.
    fn of_run(ImportRun { journal, progress, ledger, duplicates }: ImportRun) -> Self {
        Self {
            duplicates: DuplicateCheck::found_before(duplicates),
            duplicates_to_report: None,
            forecast: false,
            preview: 0,
            delivery: None,
            journal: Some(journal),
            confirmed: None,
            confirmed_lookup: None,
            unchanged: Unchanged::Unknown,
            ids: None,
            progress: Arc::new(progress),
            ledger,
            max_errors: None,
            predicted_rejects: 0,
        }
    }
}
