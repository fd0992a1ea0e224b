//! The settings of listing the records of a run, and of making recovery links for some of them.

use std::path::{Path, PathBuf};

use super::connection::Connection;
use super::named_files::NamedFiles;
use super::reading::{ReadingChoice, ReadingSettings};
use super::recorded_options::options_of_run;
use super::run_on_disk::RunOnDisk;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::{RunExportArguments, RunOptions};
use crate::results::{TableFormat, UserList};

/// What listing the records of a run needs.
#[derive(Clone, Debug)]
pub struct RunExportSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// The run, or those of all shards, and how each read its inputs.
    pub runs: Vec<(RunOnDisk, ReadingSettings)>,
    /// Which records.
    pub users: UserList,
    /// How to write the list.
    pub format: TableFormat,
    /// Where to; standard output without it.
    pub out: Option<PathBuf>,
    /// The recovery links that are to be in it, if any.
    pub recovery: Option<RecoverySettings>,
}

/// What making recovery links needs.
#[derive(Clone, Debug)]
pub struct RecoverySettings {
    /// The Kratos of the run.
    pub target: TargetSettings,
    /// How it is reached, and how fast: as the run did.
    pub connection: Connection,
    /// The file with the links.
    pub out: PathBuf,
    /// For how many hours they hold.
    pub hours: u32,
}

impl RunExportSettings {
    /// Resolves what was typed; what the run is about comes from its record.
    pub fn resolve(arguments: RunExportArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let RunExportArguments { run, users, format, out, recovery_links, runs_dir } = arguments;
        let runs_directory = runs_directory(runs_dir, environment)?;
        let mut runs = Vec::new();
        for run in RunOnDisk::or_shards(&runs_directory, &run)? {
            let run = run.with_journal("listed")?;
            let recorded = &run.record.options;
            let options = RunOptions { max_record_bytes: recorded.max_record_bytes, ..RunOptions::default() };
            let reading = ReadingSettings::resolve(ReadingChoice::of_run(&run)?, &options, environment)?;
            runs.push((run, reading));
        }
        let files = runs.iter().fold(NamedFiles::default(), |files, (run, _)| files.inputs_of(&run.record));
        files.writing("--out", out.clone()).check(&runs_directory, environment)?;
        let format = format.or(out.as_deref().map(TableFormat::of_name)).unwrap_or(TableFormat::Csv);
        let recovery = match (recovery_links, &out) {
            (Some(hours), Some(out)) => Some(RecoverySettings::resolve(&runs, users, out, hours, environment)?),
            _ => None,
        };
        Ok(Self { runs_directory, runs, users, format, out, recovery })
    }
}

impl RecoverySettings {
    fn resolve(
        runs: &[(RunOnDisk, ReadingSettings)],
        users: UserList,
        out: &Path,
        hours: u32,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let Some((run, _)) = runs.first() else { return Err(SettingsError::RecoveryLinks) };
        let wrong = |problem: String| run.wrong(problem);
        let record = &run.record;
        if users != UserList::NeedsReset || record.kratos.is_none() {
            return Err(SettingsError::RecoveryLinks);
        }
        let target = TargetSettings::of_record(&record.target, record.kratos.as_ref(), wrong, environment)?;
        let options = options_of_run(RunOptions::default(), run, environment)?;
        let connection = Connection::of_run(&options, None, environment)?;
        Ok(Self { target, connection, out: out.to_path_buf(), hours })
    }
}
