//! What the first pass says about an import, before anything is sent.

use super::super::first_pass::{FirstPass, Subject};
use super::super::import_error::ImportError;
use super::super::prepare_error::PrepareError;
use super::consent::Consent;
use crate::account::{Ledger, StopReason};
use crate::journal::{Prediction, RunDirectory};
use crate::settings::Limits;
use crate::signal::Signals;
use crate::source::SourceError;

/// What the first pass says about an import.
pub(super) enum Foresight {
    /// Nothing can be sent: an input is of no use.
    Unreadable(SourceError),
    /// Nothing is to be sent, for this reason. The rejects are written, for they are what has to be mended.
    Refused(FirstPass, StopReason),
    /// It may be sent.
    Clear(FirstPass),
}

impl Foresight {
    /// Goes through the inputs of a run, whose `ledger` has what earlier parts of it did.
    pub(super) async fn of_run(
        subject: Subject<'_>,
        directory: &RunDirectory,
        (limits, ledger): (Limits, &Ledger),
        consent: Consent<'_>,
        signals: &mut Signals,
    ) -> Result<Self, ImportError> {
        let first = match FirstPass::of_run(subject, directory, consent.has_begun, signals).await {
            Err(ImportError::Prepare(PrepareError::Source(error))) => return Ok(Self::Unreadable(error)),
            first => first?,
        };
        let prediction = first.prediction();
        if let Some(prediction) = &prediction
            && let Some(reason) = refusal(prediction, ledger, limits)
        {
            return Ok(Self::Refused(first, reason));
        }
        consent.seek(prediction, subject.records, ledger, signals).await?;
        let Some(prediction) = prediction else { return Ok(Self::Clear(first)) };
        let failed = |source| ImportError::Write { path: directory.first_pass(), source };
        directory.keep_prediction(Prediction { sent: true, ..prediction }).map_err(failed)?;
        Ok(Self::Clear(first))
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
