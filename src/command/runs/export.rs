//! `avnology migrate clerk runs export`: what became of each record of a run.

pub(in crate::command) mod recovery_error;
pub(in crate::command) mod recovery_links;

use crate::command::shared::results_list::{ResultsList, ResultsListError};
use crate::settings::RunExportSettings;
use crate::signal::Signals;

/// Writes what became of the records of a run.
pub async fn export_run(settings: RunExportSettings) -> Result<(), ResultsListError> {
    let RunExportSettings { runs_directory, runs, users, format, out, recovery: _ } = settings;
    for (run, _) in runs.iter().filter(|(run, _)| run.directory.is_undone()) {
        tracing::warn!("run {} was undone since, in part at least: the list says what it had done", run.record.id);
    }
    // Nobody listens to signals here: the first one ends the process.
    ResultsList { runs_directory, runs, users, format, out }.write(&mut Signals::none()).await
}
