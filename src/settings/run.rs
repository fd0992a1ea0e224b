//! The settings of a run that is there already, which are its own wherever they decide about the outcome.

use std::path::{Path, PathBuf};

use super::{Environment, ImportSettings, SettingsError, Undo, WhichRun, runs_directory};
use crate::cli::{ImportArguments, MappingArguments, ResumeArguments, RunOptions, TargetArguments, UndoArguments};
use crate::http::BaseUrlError;
use crate::journal::{Lock, MergedRecord, RecordedOptions, RunDirectory, RunRecord};
use crate::rule_files::RuleFiles;
use crate::source::ShardChoice;

impl ImportSettings {
    /// What `run.json` says about how the run runs.
    pub fn recorded_options(&self) -> RecordedOptions {
        RecordedOptions {
            rate: Some(self.rate.to_string()),
            concurrency: Some(self.pace.concurrency.to_string()),
            batch_size: Some(self.pace.items),
            batch_bytes: Some(self.pace.bytes),
            max_wait: Some(self.retry.total.as_secs()),
            max_errors: self.max_errors,
            max_record_bytes: Some(self.intake.reader.record_bytes),
            recheck: self.recheck,
            strict: self.strict,
            min_records: self.min_records,
        }
    }

    /// Resolves what was typed to go on with a run: what it is about comes from its record.
    pub fn resolve_resume(arguments: ResumeArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let ResumeArguments { run, options } = arguments;
        let runs = runs_directory(options.runs_dir.clone(), environment)?;
        let (directory, record) = find_run(&runs, run.as_deref())?;
        if directory.is_finished() {
            let how = if directory.is_undone() { "it was undone" } else { "it is finished" };
            return Err(SettingsError::Record { run: record.id, problem: how.to_owned() });
        }
        let rule_files = RuleFiles::of_run(&directory, &record)?;
        Self::of_run(&record, rule_files, options, environment)
    }

    /// Resolves what was typed to undo a run.
    pub fn resolve_undo(arguments: UndoArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let UndoArguments { run, yes, force, options } = arguments;
        // Nothing is read.
        let options = RunOptions { strict: false, ..options };
        let runs = runs_directory(options.runs_dir.clone(), environment)?;
        let (_, record) = find_run(&runs, Some(&run))?;
        // Nothing is mapped.
        let resolved = Self::of_run(&record, RuleFiles::default(), options, environment)?;
        Ok(Self { undo: Undo { confirmed: yes, force }, ..resolved })
    }

    /// The settings under which a run goes on: its own, where they decide about the outcome.
    fn of_run(
        record: &RunRecord,
        rule_files: RuleFiles,
        options: RunOptions,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let wrong = |problem: String| SettingsError::Record { run: record.id.clone(), problem };
        let sandbox = record.target.strip_prefix("sandbox:");
        let base_url = match sandbox {
            Some(_) => None,
            None => Some(record.target.parse().map_err(|error: BaseUrlError| wrong(error.to_string()))?),
        };
        let shard = record.shard.as_deref().map(str::parse).transpose().map_err(wrong)?;
        let import = ImportArguments {
            import: record.inputs.iter().map(|input| PathBuf::from(&input.path)).collect(),
            passwords: record.passwords.as_ref().map(|input| PathBuf::from(&input.path)),
            shard: shard.map(ShardChoice::Of),
            dry_run: false,
            target: TargetArguments {
                sandbox: sandbox.is_some(),
                sandbox_db: sandbox.map(PathBuf::from).unwrap_or_default(),
                base_url,
            },
            mapping: MappingArguments {
                missing_email: Some(record.missing_email.parse().map_err(wrong)?),
                ..MappingArguments::default()
            },
            on_existing: record.on_existing.parse().map_err(wrong)?,
            recheck: record.options.recheck,
            preview: None,
            new_run: false,
            options: options_of_run(options, &record.options).map_err(wrong)?,
        };
        let resolved = Self::resolve_with(rule_files, import, environment)?;
        Ok(Self { which_run: WhichRun::Named(record.id.clone()), ..resolved })
    }
}

/// What was typed, else what the run was begun with.
fn options_of_run(typed: RunOptions, recorded: &RecordedOptions) -> Result<RunOptions, String> {
    let rate = recorded.rate.as_deref().map(str::parse).transpose()?;
    let concurrency = recorded.concurrency.as_deref().map(str::parse).transpose()?;
    Ok(RunOptions {
        rate: typed.rate.or(rate),
        concurrency: typed.concurrency.or(concurrency),
        batch_size: typed.batch_size.or(recorded.batch_size),
        batch_bytes: typed.batch_bytes.or(recorded.batch_bytes),
        max_wait: typed.max_wait.or(recorded.max_wait),
        max_errors: typed.max_errors.or(recorded.max_errors),
        min_records: typed.min_records.or(recorded.min_records),
        strict: typed.strict || recorded.strict,
        max_record_bytes: typed.max_record_bytes.or(recorded.max_record_bytes),
        ..typed
    })
}

/// The run with this id, or the newest one that is not finished.
fn find_run(runs: &Path, id: Option<&str>) -> Result<(RunDirectory, RunRecord), SettingsError> {
    let failed = |problem: String| SettingsError::Runs { directory: runs.display().to_string(), problem };
    let listed = RunDirectory::list(runs).map_err(|error| failed(error.to_string()))?;
    // What has no fingerprint, as standard input, cannot be known again.
    let is_open =
        |(directory, record): &(RunDirectory, RunRecord)| !directory.is_finished() && record.can_be_known_again();
    let found = if let Some(id) = id {
        listed.into_iter().find(|(_, record)| record.id == id)
    } else {
        let mut open: Vec<_> = listed.into_iter().filter(is_open).collect();
        // One of several shards may have been interrupted while the others go on.
        let idle = open.iter().position(|(directory, _)| !Lock::is_held(&directory.lock()));
        let which = idle.unwrap_or_default();
        (which < open.len()).then(|| open.swap_remove(which))
    };
    found.ok_or_else(|| {
        failed(match id {
            Some(id) => why_not(runs, id),
            None => "there is no run that was interrupted".to_owned(),
        })
    })
}

/// Why there is no run of this name, and what to do.
fn why_not(runs: &Path, id: &str) -> String {
    let path = runs.join(id);
    if let Some(MergedRecord { shards, .. }) = MergedRecord::read(&path) {
        let shards = shards.join(" and ");
        return format!("`{id}` is no run but the account of {shards}, put together; name these, one at a time");
    }
    match RunDirectory::open(path.clone()) {
        _ if !path.is_dir() => format!("there is no run `{id}`; `avnology migrate clerk runs` lists them"),
        _ if id.ends_with("-merged") => format!(
            "`{id}` is no run but the account of several shards, put together; name their runs, one at a time: `avnology \
             migrate clerk runs` lists them"
        ),
        _ if !RunDirectory::holds_a_run(&path) => {
            format!("`{id}` never began, and sent nothing: it was interrupted before it had a `run.json`")
        }
        Err(error) => error.to_string(),
        Ok((_, record)) => format!("the directory `{id}` is that of run `{0}`; say `{0}`", record.id),
    }
}
