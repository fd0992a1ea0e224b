//! The settings of a run that is resumed: an import's, but where they decide about the outcome they are the run's own.

use std::path::PathBuf;

use super::connection::Connection;
use super::import::{ImportSettings, Limits, WhichRun};
use super::missing_rules::MissingRules;
use super::output::OutputSettings;
use super::reading::{ReadingChoice, ReadingSettings};
use super::recorded_options::options_of_run;
use super::run_on_disk::RunOnDisk;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::{MAX_MISSING, ResumeArguments};
use crate::journal::RunRecord;
use crate::missing::OnMissing;

impl ImportSettings {
    /// Resolves what was typed to resume a run; what the run is about comes from its record.
    pub fn resume(
        arguments: ResumeArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ResumeArguments { run, yes, import, passwords, results, options } = arguments;
        let runs_directory = runs_directory(options.runs_dir.clone(), environment)?;
        let run = match run {
            Some(id) => RunOnDisk::named(&runs_directory, &id)?,
            None => RunOnDisk::interrupted(&runs_directory)?,
        };
        let record = &run.record;
        if let Some(problem) = run.why_not_resumed() {
            return Err(run.wrong(problem));
        }
        let wrong = |problem: String| run.wrong(problem);
        let options = options_of_run(options, &run, environment)?;
        let mut choice = ReadingChoice::of_run(&run)?;
        if let Some(paths) = moved(&run, import)? {
            choice.inputs.inputs = record.inputs.iter().map(|input| input.kind).zip(paths).collect();
        }
        choice.passwords = moved_passwords(&run, passwords)?.or(choice.passwords);
        let target = TargetSettings::of_record(&record.target, record.kratos.as_ref(), wrong, environment)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(target.kratos_choice())?;
        Self {
            limits: Limits::resolve(&options, &reading)?,
            missing: missing(record, &reading).map_err(wrong)??,
            target,
            connection: Connection::of_run(&options, reading.shard, environment)?,
            reading,
            from_clerk: None,
            output,
            user: environment.user(),
            results,
            on_existing: record.on_existing.parse().map_err(wrong)?,
            create_organization: record.organization.as_ref().is_some_and(|home| home.create),
            recheck: record.options.recheck,
            has_consent: yes,
            which_run: WhichRun::Named(Box::new(run)),
            runs_directory,
            locks: environment.locks(),
        }
        .checked(environment)
    }
}

/// What becomes of users who are no longer in the export, as it was when the run began.
fn missing(
    record: &RunRecord,
    reading: &ReadingSettings,
) -> Result<Result<Option<MissingRules>, SettingsError>, String> {
    let options = &record.options;
    let rule: Option<OnMissing> = options.on_missing.as_deref().map(str::parse).transpose()?;
    let most = options.max_missing.unwrap_or(MAX_MISSING);
    Ok(MissingRules::resolve(rule, most, reading, record.selection.is_some()))
}

/// Where the inputs are now, if somebody moved them. That they are the same is seen when they are read.
fn moved(run: &RunOnDisk, typed: Vec<PathBuf>) -> Result<Option<Vec<PathBuf>>, SettingsError> {
    let inputs = run.record.inputs.len();
    match typed.len() {
        0 => Ok(None),
        count if count == inputs => Ok(Some(typed)),
        count => Err(run.wrong(format!(
            "it has {inputs} input{}, and --import names {count}; name all of them, in their order",
            if inputs == 1 { "" } else { "s" }
        ))),
    }
}

/// Where the passwords are now, if somebody moved them.
fn moved_passwords(run: &RunOnDisk, typed: Option<PathBuf>) -> Result<Option<PathBuf>, SettingsError> {
    if typed.is_some() && run.record.passwords.is_none() {
        return Err(run.wrong("it was begun without --passwords, so it goes on without them".to_owned()));
    }
    Ok(typed)
}
