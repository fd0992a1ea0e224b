//! What the first pass says about an import, before anything is sent.

use super::super::first_pass::{FirstPass, Subject};
use super::super::import_error::ImportError;
use super::super::prepare_error::PrepareError;
use super::consent::Consent;
use super::missing::MissingRecords;
use crate::destination::Destination;
use crate::journal::Prediction;
use crate::outcomes::{Ledger, StopReason};
use crate::settings::{Limits, RecordedRun};
use crate::signal::Signals;
use crate::source::SourceError;

/// What the first pass says about an import.
pub(super) enum Foresight<'r> {
    /// Nothing can be sent: an input is of no use.
    Unreadable(SourceError),
    /// Nothing is to be sent, for this reason. The rejects are written, for they are what has to be mended.
    Refused(FirstPass, Option<MissingRecords<'r>>, StopReason),
    /// It may be sent.
    Clear(FirstPass, Option<MissingRecords<'r>>),
}

impl<'r> Foresight<'r> {
    /// Goes through the inputs of a run, whose `ledger` has what earlier parts of it did.
    pub(super) async fn of_run(
        subject: Subject<'_>,
        run: &'r RecordedRun,
        (limits, ledger): (Limits, &Ledger),
        consent: Consent<'_>,
        (destination, signals): (&dyn Destination, &mut Signals),
    ) -> Result<Self, ImportError> {
        let directory = &run.directory;
        let first = match FirstPass::of_run(subject, run, consent.has_begun, signals).await {
            Err(ImportError::Prepare(PrepareError::Source(error))) => return Ok(Self::Unreadable(error)),
            first => first?,
        };
        let prediction = first.prediction();
        if let Some(prediction) = &prediction
            && let Some(reason) = refusal(prediction, ledger, limits)
        {
            return Ok(Self::Refused(first, None, reason));
        }
        let at_target = (consent.settings, destination);
        let missing = MissingRecords::find(at_target, run, subject, &first.watch(), signals).await?;
        if let Some(reason) = missing.as_ref().and_then(MissingRecords::refusal) {
            return Ok(Self::Refused(first, missing, reason));
        }
        consent.seek(prediction, subject.records, ledger, signals).await?;
        let Some(prediction) = prediction else { return Ok(Self::Clear(first, missing)) };
        let failed = |source| ImportError::Write { path: directory.first_pass(), source };
        directory.keep_prediction(Prediction { sent: true, ..prediction }).map_err(failed)?;
        Ok(Self::Clear(first, missing))
    }
}

/// Why nothing is to be sent, by what is known before.
fn refusal(prediction: &Prediction, ledger: &Ledger, limits: Limits) -> Option<StopReason> {
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
