//! `avnology migrate clerk runs`: from what was typed to an exit status.

use super::failed::Failed;
use super::print::print;
use crate::cli::{RunsArguments, RunsCommand};
use crate::command;
use crate::exit::ExitStatus;
use crate::report::REPORT_SCHEMA;
use crate::settings::{
    Environment, MergeSettings, PruneSettings, RunExportSettings, RunIdsSettings, RunsSettings, SettingsError,
    ShowSettings,
};

pub(super) async fn look_at_runs(arguments: RunsArguments, environment: &Environment) -> Result<ExitStatus, Failed> {
    let wrong = |error: SettingsError| (error.into(), ExitStatus::Usage);
    match arguments {
        RunsArguments { command: Some(RunsCommand::Merge(merge)), .. } => {
            let settings = MergeSettings::resolve(merge, environment).map_err(wrong)?;
            command::merge_runs(&settings).map_err(|error| {
                let status = error.exit_status();
                (error.into(), status)
            })
        }
        RunsArguments { command: Some(RunsCommand::Ids(ids)), .. } => {
            let settings = RunIdsSettings::resolve(ids, environment).map_err(wrong)?;
            let printed = command::print_run_ids(&settings);
            printed.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Show(show)), .. } => {
            let settings = ShowSettings::resolve(show, environment).map_err(wrong)?;
            let shown = command::show_run(&settings);
            shown.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Prune(prune)), .. } => {
            let settings = PruneSettings::resolve(prune, environment).map_err(wrong)?;
            let pruned = command::prune_runs(&settings);
            pruned.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: Some(RunsCommand::Schema), .. } => Ok(print(REPORT_SCHEMA)),
        RunsArguments { command: Some(RunsCommand::Export(export)), .. } => {
            let settings = RunExportSettings::resolve(export, environment).map_err(wrong)?;
            if let Some(recovery) = settings.recovery.clone() {
                let made = command::make_recovery_links(settings, recovery).await;
                return made.map_err(|error| {
                    let status = error.exit_status();
                    (error.into(), status)
                });
            }
            let exported = command::export_run(settings).await;
            exported.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
        RunsArguments { command: None, runs_dir, output } => {
            let settings = RunsSettings::resolve(runs_dir, output, environment).map_err(wrong)?;
            let listed = command::list_runs(&settings);
            listed.map(|()| ExitStatus::Success).map_err(|error| (error.into(), ExitStatus::Usage))
        }
    }
}
