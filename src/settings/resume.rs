//! The settings of a run that is resumed: an import's, but where they decide about the outcome they are the run's own.

use std::path::PathBuf;

use super::connection::Connection;
use super::import::{ImportSettings, Limits, WhichRun};
use super::output::OutputSettings;
use super::reading::{ReadingChoice, ReadingSettings};
use super::recorded_options::options_of_run;
use super::recorded_run::RecordedRun;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::ResumeArguments;
use crate::journal::InputRecord;
use crate::rule_files::RuleFiles;
use crate::source::ShardChoice;

impl ImportSettings {
    /// Resolves what was typed to resume a run; what the run is about comes from its record.
    pub fn resume(
        arguments: ResumeArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ResumeArguments { run, options } = arguments;
        let runs_directory = runs_directory(options.runs_dir.clone(), environment)?;
        let run = match run {
            Some(id) => RecordedRun::named(&runs_directory, &id)?,
            None => RecordedRun::interrupted(&runs_directory)?,
        };
        let RecordedRun { directory, record } = &run;
        if let Some(problem) = run.why_not_resumed() {
            return Err(run.wrong(problem));
        }
        let wrong = |problem: String| run.wrong(problem);
        let options = options_of_run(options, &record.options).map_err(wrong)?;
        let path = |input: &InputRecord| PathBuf::from(&input.path);
        let input = |input: &InputRecord| (input.kind, path(input));
        let shard = record.shard.as_deref().map(str::parse).transpose().map_err(wrong)?;
        let choice = ReadingChoice {
            inputs: record.inputs.iter().map(input).collect(),
            passwords: record.passwords.as_ref().map(path),
            shard: shard.map(ShardChoice::Of),
            selection: None,
            rule_files: RuleFiles::of_run(directory, record)?,
            missing_email: Some(record.missing_email.parse().map_err(wrong)?),
            organization: record.organization.as_ref().map(|home| home.known().parse()).transpose().map_err(wrong)?,
        };
        let target = TargetSettings::of_record(&record.target, record.kratos.as_ref(), wrong, environment)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(target.kratos_choice());
        Self {
            limits: Limits::resolve(&options, &reading)?,
            target,
            connection: Connection::resolve(&options, reading.shard, environment)?,
            reading,
            from_clerk: None,
            output,
            on_existing: record.on_existing.parse().map_err(wrong)?,
            create_organization: record.organization.as_ref().is_some_and(|home| home.create),
            recheck: record.options.recheck,
            which_run: WhichRun::Named(Box::new(run)),
            runs_directory,
            locks: environment.locks(),
        }
        .checked(environment)
    }
}
