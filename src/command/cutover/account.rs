//! The account that `check`, `status` and `report` share: how a switch stands by now.

use std::path::Path;

use jiff::Timestamp;

use super::CutoverCommandError;
use crate::cutover::{Account, Assessment, CutoverState, RunMoment, SwitchStep};
use crate::exit::ExitStatus;
use crate::journal::RunDirectory;
use crate::kind::Kind;
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

/// When imports of users began, and where.
fn moments(runs: &Path) -> Result<Vec<RunMoment>, CutoverCommandError> {
    let failed = |source| CutoverCommandError::Runs { path: runs.to_path_buf(), source };
    let listed = RunDirectory::list(runs).map_err(failed)?;
    let moment = |(_, record): (RunDirectory, crate::journal::RunRecord)| {
        let has_users = record.inputs.iter().any(|input| input.kind == Kind::User);
        let started = record.started.parse().ok().filter(|_| has_users)?;
        Some(RunMoment { target: record.target, started })
    };
    Ok(listed.into_iter().filter_map(moment).collect())
}

/// Success only if all steps of the account are finished or skipped.
pub(super) fn exit_status(account: &Account) -> ExitStatus {
    if account.status == "ok" { ExitStatus::Success } else { ExitStatus::Rejected }
}
