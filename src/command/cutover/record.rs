//! `avnology migrate clerk cutover record`: writes down what a person says.

use jiff::Timestamp;

use super::CutoverCommandError;
use crate::cutover::{Evidence, FactRecord, RemovedWord, SkipRecord};
use crate::exit::ExitStatus;
use crate::report::{Console, LogFormat};
use crate::settings::{CutoverRecordSettings, CutoverSubject};

/// Records it.
pub fn record_cutover(settings: CutoverRecordSettings) -> Result<ExitStatus, CutoverCommandError> {
    let CutoverRecordSettings { state, subject, by, note, at, evidence, withdraw } = settings;
    let evidence = match evidence {
        None => None,
        Some(path) => Some(Evidence::of(&path).map_err(|source| CutoverCommandError::Evidence { path, source })?),
    };
    let now = Timestamp::now();
    let name = match subject {
        CutoverSubject::Fact(fact) => fact.name(),
        CutoverSubject::Skip(step) => step.name(),
    };
    let is_done = state.update(|state| match (subject, withdraw) {
        (CutoverSubject::Fact(fact), false) => {
            let (at, recorded) = (at.unwrap_or(now), now);
            state.facts.push(FactRecord { fact, by, note, at, recorded, evidence, withdrawn: None });
            true
        }
        (CutoverSubject::Skip(step), false) => {
            state.skipped.push(SkipRecord { step, by, note, at: now, withdrawn: None });
            true
        }
        (CutoverSubject::Fact(fact), true) => state.withdraw_fact(fact, &RemovedWord { by, note, at: now }),
        (CutoverSubject::Skip(step), true) => state.withdraw_skip(step, &RemovedWord { by, note, at: now }),
    })?;
    if !is_done {
        return Err(CutoverCommandError::NothingToWithdraw { name });
    }
    let what = match (subject, withdraw) {
        (_, true) => "taken back",
        (CutoverSubject::Fact(_), false) => "recorded",
        (CutoverSubject::Skip(_), false) => "skipped",
    };
    Console::new(LogFormat::Text, false).note(&format!("`{name}` is {what} in {}.", state.path().display()));
    Ok(ExitStatus::Success)
}
