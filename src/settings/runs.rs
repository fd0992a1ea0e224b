//! The settings of `runs`, `runs merge` and `runs ids`, which look at runs and send nothing.

use std::path::PathBuf;

use super::{Environment, SettingsError};
use crate::cli::{IdsFormat, MergeArguments, OutputFormat, RUNS_DIR, RunIdsArguments};
use crate::report::{Console, LogFormat};

/// What listing runs needs.
#[derive(Clone, Debug)]
pub struct RunsSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl RunsSettings {
    /// Resolves what was typed.
    pub fn resolve(
        runs_dir: Option<PathBuf>,
        format: OutputFormat,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        Ok(Self { runs_directory: runs_directory(runs_dir, environment)?, format })
    }
}

/// What merging the runs of shards needs.
#[derive(Clone, Debug)]
pub struct MergeSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// Runs of shards, by their ids or directories; the newest import in shards if there are none.
    pub runs: Vec<String>,
    /// What standard output gets.
    pub format: OutputFormat,
    /// What standard error gets.
    pub console: Console,
    /// Whether it gets no progress.
    pub quiet: bool,
}

impl MergeSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: MergeArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let MergeArguments { runs, runs_dir, output, quiet } = arguments;
        Ok(Self {
            runs_directory: runs_directory(runs_dir, environment)?,
            runs,
            format: output,
            console: Console::new(LogFormat::Text, quiet),
            quiet,
        })
    }
}

/// What listing the ids of a run's target needs.
#[derive(Clone, Debug)]
pub struct RunIdsSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// The run.
    pub run: String,
    /// How to write the ids.
    pub format: IdsFormat,
    /// Where to; standard output without it.
    pub out: Option<PathBuf>,
}

impl RunIdsSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: RunIdsArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let RunIdsArguments { run, format, out, runs_dir } = arguments;
        Ok(Self { runs_directory: runs_directory(runs_dir, environment)?, run, format, out })
    }
}

/// Where runs are kept.
pub(super) fn runs_directory(typed: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, SettingsError> {
    Ok(environment.or_variable(typed, RUNS_DIR)?.unwrap_or_else(|| PathBuf::from(".avnology/runs")))
}
