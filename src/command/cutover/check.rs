//! `avnology migrate clerk cutover check`: gathers what there is to know, and remembers what each check says of it.
//!
//! [`gathered_for_checks`] is all that the checks look at: [`mod@seen_runs`] of the directory of runs, [`at_target`] and [`at_clerk`]
//! by asking.
//! [`findings`] makes of it, and of files that persons name, what each check says.

mod at_clerk;
mod at_target;
mod findings;
mod gathered_for_checks;
mod seen_runs;

use jiff::Timestamp;

use findings::EvidencedFinding;
use gathered_for_checks::GatheredForChecks;
use seen_runs::seen_runs;

use super::CutoverCommandError;
use super::account::{account, exit_status};
use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::in_background::in_background;
use crate::command::shared::terminal::output::write_report;
use crate::cutover::{
    Account, Check, CheckRecord, ClerkReading, CutoverState, Finding, Imports, Outcome, Standing, SwitchStep,
    status_text,
};
use crate::exit::ExitStatus;
use crate::report::print_json;
use crate::settings::CutoverCheckSettings;
use crate::signal::Signals;

/// Checks steps. The exit status is 0 only if all of them are ok, by what persons recorded, too.
pub async fn check_cutover(settings: CutoverCheckSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let state = settings.at.state.update(|state| {
        state.files.extend(settings.files.clone());
        state.client = settings.client.clone().or(state.client.take());
        state.clone()
    });
    let state = state.map_err(CutoverCommandError::from)?;
    let target = settings.target.as_ref().ok().map(at_target::name);
    let steps = if settings.steps.is_empty() { steps_at(&state, target.as_deref()) } else { settings.steps.clone() };
    let checks: Vec<Check> = Check::ALL.into_iter().filter(|check| steps.contains(&check.step())).collect();
    let gathered = gather(&settings, state, target, &checks, &mut signals).await?;
    let reading = gathered.clerk.clone().ok().filter(|_| checks.contains(&Check::ClerkStill));
    let target = gathered.target.clone();
    // Digests of large files take a while.
    let made = in_background("checking", &mut signals, move |_| {
        checks.into_iter().map(|check| (check, gathered.finding(check))).collect::<Vec<(Check, EvidencedFinding)>>()
    });
    let found = made.await?;
    let state = settings.at.state.update(|state| {
        remember(state, target.as_ref(), found, reading);
        state.clone()
    });
    let account = account(&settings.at, &state.map_err(CutoverCommandError::from)?, &steps)?;
    print(&account, &settings)?;
    Ok(exit_status(&account))
}

/// The steps that can be checked at a target, if none is named: staging's at its own, all others elsewhere.
fn steps_at(state: &CutoverState, target: Option<&str>) -> Vec<SwitchStep> {
    let is_staging = target.is_some() && state.staging_target.as_deref() == target;
    let of_production = [SwitchStep::Freeze, SwitchStep::Swap, SwitchStep::RollBack];
    let fits =
        |step: &SwitchStep| if is_staging { !of_production.contains(step) } else { *step != SwitchStep::Staging };
    SwitchStep::ALL.into_iter().filter(fits).collect()
}

async fn gather(
    settings: &CutoverCheckSettings,
    state: CutoverState,
    target: Option<String>,
    checks: &[Check],
    signals: &mut Signals,
) -> Result<GatheredForChecks, CommandError> {
    let are_about_the_target = checks.iter().any(|check| check.is_about_the_target());
    let client = state.client.clone().filter(|_| checks.contains(&Check::StagingClient));
    let answers = match &settings.target {
        Err(error) => Err(error.to_string()),
        Ok(_) if !are_about_the_target => Err("the target was not asked".to_owned()),
        Ok(target) => Ok(at_target::ask(target, settings, client.as_ref(), signals).await?),
    };
    let imports = match &target {
        Some(target) if are_about_the_target => {
            Imports::into_target(target, &seen_runs(&settings.at.runs_directory, target)?)
        }
        _ => Imports::default(),
    };
    let is_about_clerk = checks.iter().any(|check| matches!(check, Check::Changes | Check::ClerkStill));
    let since = settings.exported_at.or_else(|| imports.covered_until());
    let clerk = if is_about_clerk {
        at_clerk::ask(settings, since, signals).await?
    } else {
        Err(Finding::needs_you("Clerk was not asked"))
    };
    let (now, max_changes) = (Timestamp::now(), settings.max_changes);
    Ok(GatheredForChecks { now, state, target, answers, imports, clerk, max_changes })
}

/// Puts what was found into the state, which others may have changed meanwhile.
fn remember(
    state: &mut CutoverState,
    target: Option<&String>,
    found: Vec<(Check, EvidencedFinding)>,
    reading: Option<ClerkReading>,
) {
    let at = Timestamp::now();
    let is_still = found.iter().find(|(check, _)| *check == Check::ClerkStill);
    let has_grown = is_still.is_some_and(|(_, (finding, _))| finding.outcome == Outcome::Failed);
    for (check, (finding, inputs)) in found {
        let target = target.filter(|_| check.is_about_the_target()).cloned();
        if target.is_some() {
            let of_step =
                if check.step() == SwitchStep::Staging { &mut state.staging_target } else { &mut state.target };
            of_step.clone_from(&target);
        }
        state.checks.insert(check, CheckRecord { at, finding, target, inputs });
    }
    let flip = state.flip();
    let is_after = |reading: &ClerkReading| flip.is_some_and(|flip| reading.at >= flip);
    state.readings.retain(is_after);
    if let Some(reading) = reading.filter(is_after) {
        // The first one is what later ones are compared with, until Clerk has grown.
        if has_grown {
            state.readings.clear();
        }
        state.readings.truncate(1);
        state.readings.push(reading);
    }
}

fn print(account: &Account, settings: &CutoverCheckSettings) -> Result<(), CommandError> {
    let output = &settings.output;
    if let Some(path) = &output.report {
        let failed = |source| CutoverCommandError::Write { path: path.clone(), source };
        write_report(path, account).map_err(failed)?;
        output.report_path.written(path);
    }
    let printed = if output.format == OutputFormat::Json { print_json(account) } else { Ok(()) };
    let is_open = |standing: Standing| !matches!(standing, Standing::Ok | Standing::Skipped);
    let open = account.steps.iter().filter(|step| is_open(step.standing)).map(|step| step.step.name());
    let open = open.collect::<Vec<_>>().join(", ");
    let exceptions = (!open.is_empty()).then(|| format!("not done: {open}"));
    let summary = |out: &mut String| {
        out.push_str(&status_text(account));
        Ok(())
    };
    output.console.account(summary, account, exceptions.as_deref());
    Ok(printed?)
}
