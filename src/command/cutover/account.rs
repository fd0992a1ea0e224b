//! The account that `check`, `status` and `report` share: how a switch stands by now.

use std::path::Path;

use jiff::Timestamp;

use super::CutoverCommandError;
use super::run_moments::run_moments;
use crate::cutover::{Account, Assessment, CutoverState, RunMoment, SwitchStep};
use crate::exit::ExitStatus;
use crate::journal::{RunDirectory, RunRecord};
use crate::settings::LookedUp;

/// How these steps stand; all of them if none is named.
pub(super) fn account(
    at: &LookedUp,
    state: &CutoverState,
    steps: &[SwitchStep],
) -> Result<Account, CutoverCommandError> {
    let runs = moments(&at.runs_directory)?;
    Ok(Assessment { state, runs: &runs, now: Timestamp::now(), max_age: at.max_age }.account(steps))
}

/// When imports changed something, and where.
fn moments(runs: &Path) -> Result<Vec<RunMoment>, CutoverCommandError> {
    let failed = |source| CutoverCommandError::Runs { path: runs.to_path_buf(), source };
    let listed = RunDirectory::list(runs).map_err(failed)?;
    let of_run = |(directory, record): &(RunDirectory, RunRecord)| {
        let target = record.target.clone();
        run_moments(directory, record).map(move |at| RunMoment { target: target.clone(), at }).collect::<Vec<_>>()
    };
    Ok(listed.iter().flat_map(of_run).collect())
}

/// Success only if all steps of the account are finished or skipped.
pub(super) fn exit_status(account: &Account) -> ExitStatus {
    if account.status == "ok" { ExitStatus::Success } else { ExitStatus::Rejected }
}
