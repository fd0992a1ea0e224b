//! Looks at inputs that lie in a store before anything else is done: a wrong name is reported at once, and the run can be
//! stopped while a store does not answer.

use super::import_error::ImportError;
use super::prepare_error::PrepareError;
use crate::account::StopReason;
use crate::settings::ImportSettings;
use crate::signal::Signals;
use crate::source::{Input, SourceError};

/// Finds out which version of each object is read from here on.
pub(super) async fn probe_objects(settings: &ImportSettings, signals: &mut Signals) -> Result<(), ImportError> {
    for input in settings.intake.inputs.iter().chain(&settings.passwords) {
        let Input::Object(object) = input.clone() else { continue };
        let looking = tokio::task::spawn_blocking(move || object.version());
        let looked = tokio::select! {
            looked = looking => looked,
            signal = signals.next() => return Err(ImportError::Interrupted(signal)),
        };
        let failed = |error| StopReason::Internal(format!("looking at an object failed: {error}"));
        looked
            .map_err(failed)?
            .map_err(|reason| PrepareError::Source(SourceError::Open { input: input.name(), reason }))?;
    }
    Ok(())
}
