//! The settings of a run that is resumed: an import's, but where they decide about the outcome they are the run's own.

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

impl ImportSettings {
    /// Resolves what was typed to resume a run; what the run is about comes from its record.
    pub fn resume(
        arguments: ResumeArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ResumeArguments { run, results, options } = arguments;
        let runs_directory = runs_directory(options.runs_dir.clone(), environment)?;
        let run = match run {
            Some(id) => RecordedRun::named(&runs_directory, &id)?,
            None => RecordedRun::interrupted(&runs_directory)?,
        };
        let record = &run.record;
        if let Some(problem) = run.why_not_resumed() {
            return Err(run.wrong(problem));
        }
        let wrong = |problem: String| run.wrong(problem);
        let options = options_of_run(options, &record.options).map_err(wrong)?;
        let reading = ReadingSettings::resolve(ReadingChoice::of_run(&run)?, &options, environment)?;
        Self {
            limits: Limits::resolve(&options, &reading)?,
            target: TargetSettings::of_record(&record.target, wrong, environment)?,
            connection: Connection::resolve(&options, reading.shard, environment)?,
            reading,
            from_clerk: None,
            output,
            user: environment.user(),
            results,
            on_existing: record.on_existing.parse().map_err(wrong)?,
            recheck: record.options.recheck,
            which_run: WhichRun::Named(Box::new(run)),
            runs_directory,
            locks: environment.locks(),
        }
        .checked(environment)
    }
}
