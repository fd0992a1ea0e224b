//! The settings of `runs` and the commands below it, which look at runs and send nothing.

use std::path::PathBuf;
use std::time::Duration;

use super::named_files::NamedFiles;
use super::run_on_disk::RunOnDisk;
use super::{Environment, SettingsError};
use crate::cli::{MergeArguments, OutputFormat, PruneArguments, RUNS_DIR, RunIdsArguments, ShowArguments};
use crate::report::{Console, LogFormat};
use crate::results::TableFormat;

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
    pub run: RunOnDisk,
    /// How to write the ids.
    pub format: TableFormat,
    /// Where to; standard output without it.
    pub out: Option<PathBuf>,
}

impl RunIdsSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: RunIdsArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let RunIdsArguments { run, format, out, runs_dir } = arguments;
        let runs_directory = runs_directory(runs_dir, environment)?;
        let run = RunOnDisk::named(&runs_directory, &run)?;
        let files = NamedFiles::default().inputs_of(&run.record).writing("--out", out.clone());
        files.check(&runs_directory, environment)?;
        Ok(Self { runs_directory, run, format, out })
    }
}

/// What showing a run needs.
#[derive(Clone, Debug)]
pub struct ShowSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What was named.
    pub run: String,
    /// The run, or those of all shards.
    pub runs: Vec<RunOnDisk>,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl ShowSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: ShowArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let ShowArguments { run, runs_dir, output: format } = arguments;
        let runs_directory = runs_directory(runs_dir, environment)?;
        let runs = RunOnDisk::or_shards(&runs_directory, &run)?;
        Ok(Self { runs_directory, run, runs, format })
    }
}

/// What pruning runs needs.
#[expect(clippy::struct_excessive_bools, reason = "each is a word that was typed")]
#[derive(Clone, Debug)]
pub struct PruneSettings {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// Only runs that began longer ago than that.
    pub older_than: Duration,
    /// How many of the newest runs stay as they are.
    pub keep: usize,
    /// Only files with personal data are removed.
    pub personal_data: bool,
    /// Runs need not be resumed any more.
    pub give_up_resume: bool,
    /// Runs need not be undone any more.
    pub give_up_undo: bool,
    /// Nothing is removed.
    pub dry_run: bool,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl PruneSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: PruneArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let PruneArguments { older_than, keep, personal_data, give_up_resume, give_up_undo, dry_run, runs_dir, output } =
            arguments;
        let runs_directory = runs_directory(runs_dir, environment)?;
        Ok(Self {
            runs_directory,
            older_than,
            keep,
            personal_data,
            give_up_resume,
            give_up_undo,
            dry_run,
            format: output,
        })
    }
}

/// Where runs are kept.
pub(super) fn runs_directory(typed: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, SettingsError> {
    Ok(environment.or_variable(typed, RUNS_DIR)?.unwrap_or_else(|| PathBuf::from(".avnology/runs")))
}
