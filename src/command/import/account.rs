//! The last phase of an import: its account, for people, for programs, and in the journal.

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::joined::JoinReports;
use super::super::shared::terminal::output::Output;
use super::ended_import::EndedImport;
use super::run_and_target::RunAndTarget;
use crate::exit::ExitStatus;
use crate::journal::{FirstPassRecord, RunDirectory};
use crate::missing::MissingReport;
use crate::report::{InputOrigin, RunDetails, SelectionReport};
use crate::selection::RecordsOfRun;
use crate::settings::RunOnDisk;

/// What an account says beside the counts.
pub(super) struct ImportAccount<'a> {
    pub run_and_target: RunAndTarget<'a>,
    pub records: &'a RecordsOfRun,
    /// What came of users who are no longer in the export.
    pub missing: Option<MissingReport>,
}

impl ImportAccount<'_> {
    /// Gives the account, and says in the journal how the run ended, once its report is written. If that cannot be said, the same
    /// command gives the account once more.
    pub(super) fn give(&self, ended: EndedImport) -> Result<ExitStatus, CommandError> {
        let EndedImport { ledger, journal, joined, timeline } = ended;
        let RunAndTarget { settings, run, .. } = self.run_and_target;
        let report = run.directory.report();
        let details = RunDetails { timeline, ..self.details(joined) };
        let status = Output::of(&settings.output).report(&ledger, &details, Some(&run.directory));
        let status = status.map_err(|error| match error {
            CommandError::Write { path, source } if path == report => CommandError::NoAccount { path, source },
            error => error,
        });
        let is_reported = !matches!(&status, Err(CommandError::NoAccount { .. }));
        if let Some(mut journal) = journal.filter(|_| is_reported)
            && let Err(error) = journal.end(ledger.ended())
        {
            tracing::warn!(%error, "the journal does not say that the run ended");
        }
        status.map_err(|error| error.of_job(ExitStatus::of(&ledger)))
    }

    fn details(&self, JoinReports { passwords, memberships }: JoinReports) -> RunDetails {
        let RunAndTarget { settings, target, run: RunOnDisk { directory, record }, .. } = self.run_and_target;
        let selection = self.records.selected().zip(record.selection.clone());
        let selection = selection.map(|(selected, record)| SelectionReport::new(record, selected.totals()));
        RunDetails {
            forecast: None,
            selection,
            shards: Vec::new(),
            passwords,
            memberships,
            missing: self.missing.clone(),
            run: Some(directory.id().to_owned()),
            can_go_on: record.can_be_known_again(),
            rejects_of: record.rejects_of.clone(),
            target: Some(target.base_url.to_string()),
            report_file: Some(directory.report().display().to_string()),
            sandbox_database: target.sandbox_database.clone(),
            origin: Some(InputOrigin::now(settings.user.clone(), Some(record.started.clone()), record.settings())),
            sums: FirstPassRecord::sums_of_inputs(directory),
            timeline: Vec::new(),
            personal_data: personal_data(directory),
        }
    }
}

/// The files of a run that hold personal data.
fn personal_data(directory: &RunDirectory) -> Option<String> {
    let files = directory.personal_files().ok()?;
    let names: Vec<String> =
        files.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    (!names.is_empty()).then(|| format!("{} in {}", names.join(", "), directory.path().display()))
}
