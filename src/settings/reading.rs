//! What is read and how it is mapped.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::{certificates, patience, timeouts};
use super::engine::ShardError;
use super::kept_users::is_clerk;
use super::recorded_run::RecordedRun;
use super::{Environment, SettingsError, shard};
use crate::cli::{MappingArguments, RunOptions};
use crate::export::Manifest;
use crate::http::Timeouts;
use crate::journal::InputRecord;
use crate::mapping::{MissingEmail, Rules};
use crate::rule_files::RuleFiles;
use crate::source::{Input, ObjectAccess, ReaderLimits, Shard, ShardChoice};

/// What is read and how it is mapped: settings of every command that reads an export.
#[derive(Clone, Debug)]
pub struct ReadingSettings {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// The files of users who are gone at Clerk, beside those inputs that are directories of exports, and how many users are
    /// in each.
    pub deleted: Vec<(PathBuf, u64)>,
    /// The file with the passwords that the users lack.
    pub passwords: Option<Input>,
    /// Which records of the inputs are ours; all of them without one.
    pub shard: Option<Shard>,
    /// Bounds of what the reader buffers.
    pub limits: ReaderLimits,
    /// The choices of mapping.
    pub rules: Rules,
    /// The files that say how to map.
    pub rule_files: RuleFiles,
    /// How many mapper workers.
    pub workers: usize,
}

/// What is said about the reading, by what was typed or by the record of a run.
pub(super) struct ReadingChoice {
    pub(super) inputs: Vec<PathBuf>,
    pub(super) passwords: Option<PathBuf>,
    pub(super) shard: Option<ShardChoice>,
    pub(super) rule_files: RuleFiles,
    pub(super) missing_email: Option<MissingEmail>,
}

impl ReadingChoice {
    /// What was typed.
    pub(super) fn typed(
        inputs: Vec<PathBuf>,
        passwords: Option<PathBuf>,
        shard: Option<ShardChoice>,
        mapping: &MappingArguments,
    ) -> Result<Self, SettingsError> {
        let rule_files = RuleFiles::read(mapping.mapping.as_deref(), mapping.traits_schema.as_deref())?;
        Ok(Self { inputs, passwords, shard, rule_files, missing_email: mapping.missing_email.clone() })
    }
}

impl ReadingChoice {
    /// What a run was about.
    pub(super) fn of_run(run: &RecordedRun) -> Result<Self, SettingsError> {
        let RecordedRun { directory, record } = run;
        let wrong = |problem: String| run.wrong(problem);
        let path = |input: &InputRecord| PathBuf::from(&input.path);
        let shard: Option<Shard> = record.shard.as_deref().map(str::parse).transpose().map_err(wrong)?;
        Ok(Self {
            inputs: record.inputs.iter().map(path).collect(),
            passwords: record.passwords.as_ref().map(path),
            shard: shard.map(ShardChoice::Of),
            rule_files: RuleFiles::of_run(directory, record)?,
            missing_email: Some(record.missing_email.parse().map_err(wrong)?),
        })
    }
}

impl ReadingSettings {
    pub(super) fn resolve(
        choice: ReadingChoice,
        options: &RunOptions,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ReadingChoice { inputs, passwords, shard, rule_files, missing_email } = choice;
        if inputs.iter().chain(&passwords).any(|path| is_clerk(path)) {
            return Err(SettingsError::ClerkNotHere);
        }
        let access = object_access(options, environment)?;
        let input = |path: &PathBuf| Input::parse(path, &access);
        let deleted = inputs.iter().filter(|path| path.is_dir()).map(|path| Manifest::deleted_in(path).transpose());
        let deleted = deleted.flatten().collect::<Result<Vec<_>, _>>()?;
        let inputs = inputs.iter().map(|path| input(&users_in(path)?).map_err(SettingsError::from));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let passwords = passwords.as_ref().map(input).transpose()?;
        check(&inputs, passwords.as_ref(), environment)?;
        let shard = shard::resolve(shard, environment)?;
        if shard.is_some() && inputs.iter().chain(&passwords).any(Input::is_pipe) {
            return Err(ShardError::Pipe.into());
        }
        let default = ReaderLimits::default();
        Ok(Self {
            inputs,
            deleted,
            passwords,
            shard,
            limits: ReaderLimits { record_bytes: options.max_record_bytes.unwrap_or(default.record_bytes), ..default },
            rules: rule_files.rules(missing_email)?,
            rule_files,
            workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        })
    }

    /// Whether some of the export can be read only once.
    pub fn has_pipe(&self) -> bool {
        self.inputs.iter().any(Input::is_pipe)
    }

    /// The inputs, and the file with the passwords.
    pub fn files(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().chain(&self.passwords)
    }
}

/// The file with the users, if an input is the directory of an export.
fn users_in(path: &Path) -> Result<PathBuf, SettingsError> {
    let users = if path.is_dir() { Manifest::users_in(path)? } else { None };
    Ok(users.unwrap_or_else(|| path.to_path_buf()))
}

/// How inputs are reached that lie in a store.
fn object_access(options: &RunOptions, environment: &Environment) -> Result<Arc<ObjectAccess>, SettingsError> {
    let Timeouts { connect, request } = timeouts(options.connect_timeout, options.request_timeout);
    Ok(Arc::new(ObjectAccess {
        options: environment.of_stores(),
        certificates: certificates(options, environment)?,
        connect_timeout: connect,
        part_timeout: request,
        patience: patience(options.max_wait),
    }))
}

/// Fails if there are too many inputs, or one that cannot be read.
fn check(inputs: &[Input], passwords: Option<&Input>, environment: &Environment) -> Result<(), SettingsError> {
    if inputs.len() > usize::from(u16::MAX) {
        return Err(SettingsError::TooManyInputs { count: inputs.len() });
    }
    if inputs.iter().chain(passwords).filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(SettingsError::StdinTwice);
    }
    if inputs.iter().chain(passwords).any(|input| matches!(input, Input::Object(_))) {
        environment.check_proxy()?;
    }
    Ok(())
}
