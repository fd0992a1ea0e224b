//! What is known of an import before anything is sent, and whether it may be sent: the first pass, who is missing, consent.

mod consent;

use consent::Consent;

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::first_pass::FirstPass;
use super::super::shared::reading::read_subject::ReadSubject;
use super::super::shared::run_start_error::RunStartError;
use super::missing::MissingRecords;
use super::run_and_target::RunAndTarget;
use crate::journal::Prediction;
use crate::outcomes::{Ledger, StopReason};
use crate::settings::Limits;
use crate::signal::Signals;
use crate::source::SourceError;

/// Whether an import may send.
pub(super) enum Clearance<'r> {
    /// Nothing can be sent: an input is of no use.
    Unreadable(SourceError),
    /// Nothing is to be sent, for this reason. The rejects are written, for they are what has to be mended.
    Withheld(BeforeSending<'r>, StopReason),
    /// It may be sent.
    Clear(BeforeSending<'r>),
}

/// What is known of an import before anything is sent.
pub(super) struct BeforeSending<'r> {
    /// What is in the inputs.
    pub first_pass: FirstPass,
    /// Who is no longer in them, if that was asked for.
    pub missing: Option<MissingRecords<'r>>,
}

impl<'r> Clearance<'r> {
    /// Goes through the inputs of a run, whose `ledger` has what earlier parts of it did, if they have begun at all.
    pub(super) async fn of_run(
        run_and_target: RunAndTarget<'r>,
        subject: ReadSubject<'_>,
        ledger: &Ledger,
        has_begun: bool,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        let RunAndTarget { settings, target, destination, run } = run_and_target;
        let directory = &run.directory;
        let first_pass = match FirstPass::of_run(subject, run, has_begun, signals).await {
            Err(CommandError::RunStart(RunStartError::Source(error))) => return Ok(Self::Unreadable(error)),
            passed => passed?,
        };
        let prediction = first_pass.prediction();
        if let Some(prediction) = &prediction
            && let Some(reason) = reason_to_withhold(prediction, ledger, settings.limits)
        {
            return Ok(Self::Withheld(BeforeSending { first_pass, missing: None }, reason));
        }
        let at_target = (settings, destination.as_ref());
        let missing = MissingRecords::find(at_target, run, subject, &first_pass.watch(), signals).await?;
        if let Some(reason) = missing.as_ref().and_then(MissingRecords::reason_to_withhold) {
            return Ok(Self::Withheld(BeforeSending { first_pass, missing }, reason));
        }
        let consent = Consent { settings, target, run: &run.record, has_begun };
        consent.seek(prediction, subject.records, ledger, signals).await?;
        if let Some(prediction) = prediction {
            let failed = |source| CommandError::Write { path: directory.first_pass(), source };
            directory.keep_prediction(Prediction { may_have_sent: true, ..prediction }).map_err(failed)?;
        }
        Ok(Self::Clear(BeforeSending { first_pass, missing }))
    }
}

/// Why nothing is to be sent, by what is known before.
fn reason_to_withhold(prediction: &Prediction, ledger: &Ledger, limits: Limits) -> Option<StopReason> {
    let rejects = prediction.rejects + ledger.rejected_by_target();
    let found = prediction.records.unwrap_or(u64::MAX);
    if let Some(least) = limits.min_records.filter(|least| found < *least) {
        return Some(StopReason::TooFewRecords { found, least });
    }
    if limits.strict && prediction.rejects_of_all > 0 {
        return Some(StopReason::Strict { rejects: prediction.rejects_of_all });
    }
    let limit = limits.max_errors.filter(|limit| rejects > *limit)?;
    Some(StopReason::TooManyPredicted { rejects, limit })
}
