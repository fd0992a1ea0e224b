//! What was typed, what the environment says and what the defaults are, resolved into one set of settings.
//!
//! Flags win over the environment, the environment over `.env`, that over the config file, and that over the defaults. This
//! is the only module that reads the environment.

mod config;
mod environment;
mod shard;

use std::fmt;
use std::io::IsTerminal;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::SecretString;

use crate::avnology::{BaseUrl, BaseUrlError, DEFAULT_BASE_URL, KeySource, RetryBudget, Timeouts};
use crate::cli::{
    ImportArguments, LogFormat, MappingArguments, OutputFormat, ProgressStyle, ResumeArguments, RunOptions,
    TargetArguments, UndoArguments, VerifyArguments,
};
use crate::journal::{Lock, RecordedOptions, RunDirectory, RunRecord};
use crate::pace::{ConcurrencyRules, PaceRules, RateChoice, RateRules};
use crate::pipeline::{Intake, OnExisting};
use crate::report::{Console, MetricsFile};
use crate::rule_files::{RuleFileError, RuleFiles};
use crate::source::{Input, ReaderLimits, Shard};

pub use config::{CommandLineError, command_line};
pub use environment::Environment;
pub use shard::{ShardChoice, ShardError};

/// Users in one request. Larger ones gain little and lose more when they fail.
const DEFAULT_BATCH_SIZE: usize = 500;

/// How often a program that watches hears of the progress.
const WATCHED_PROGRESS: Duration = Duration::from_secs(1);

/// How often a log does.
const LOGGED_PROGRESS: Duration = Duration::from_secs(10);

/// Bytes in one request.
const DEFAULT_BATCH_BYTES: usize = 1024 * 1024;

/// Why settings cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No key, and one is needed.
    #[error(
        "no admin key: set AVNOLOGY_SECRET_KEY in the environment or in .env (or AVNOLOGY_SECRET_KEY_FILE to a file with it), \
         or rehearse with --sandbox or --dry-run"
    )]
    NoKey,
    /// The file with the key cannot be read.
    #[error("the file that AVNOLOGY_SECRET_KEY_FILE names cannot be read: {0}")]
    KeyFile(#[source] std::io::Error),
    /// A variable cannot be understood. The value is not repeated: it may be a secret in the wrong place.
    #[error("the environment variable {name} is wrong: {problem}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// `.env` cannot be read.
    #[error("cannot read `.env`: {0}")]
    DotEnv(String),
    /// A run cannot be taken up.
    #[error("run {run} cannot be taken up: {problem}")]
    Record {
        /// Its id.
        run: String,
        /// Why not.
        problem: String,
    },
    /// There is no such run.
    #[error("in `{directory}`: {problem}")]
    Runs {
        /// Where it was looked for.
        directory: String,
        /// What is wrong.
        problem: String,
    },
    /// A file that decides how users are mapped cannot be used.
    #[error(transparent)]
    Rules(#[from] RuleFileError),
    /// It is not known which shard this is, or there can be none.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The metrics file cannot be written.
    #[error("the metrics file `{}` cannot be written", path.display())]
    Metrics {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Standard input can be read only once.
    #[error("`-` (standard input) can be given only once")]
    StdinTwice,
}

/// Where an import goes.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Nowhere: a dry run.
    Nowhere,
    /// An embedded Avnology ID over this database.
    Sandbox(PathBuf),
    /// A real one.
    Target {
        /// Its address.
        base_url: BaseUrl,
        /// The admin key.
        secret_key: SecretString,
        /// Where it comes from, so that it can be read again when the target does not take it any more.
        key_source: KeySource,
    },
}

/// How progress is shown, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar.
    Bars,
    /// Lines for people.
    Plain,
    /// Lines for programs, every so often.
    Json(Duration),
    /// Nothing.
    None,
}

/// How much is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Everything.
    All,
    /// So many records, spread over the whole input.
    Of(usize),
}

/// How a run is undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// Nobody has to be asked.
    pub confirmed: bool,
    /// Identities that were changed since are deleted too.
    pub force: bool,
}

/// Which run an import goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichRun {
    /// The newest one of the same work, if it was interrupted; else a new one.
    Open,
    /// A new one.
    New,
    /// The one with this id.
    Named(String),
}

/// All that an import needs to know.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What to read and how to map it.
    pub intake: Intake,
    /// The file with the passwords that the users lack.
    pub passwords: Option<Input>,
    /// The files that say how to map it.
    pub rule_files: RuleFiles,
    /// Where to send it.
    pub destination: Destination,
    /// Identities to show.
    pub preview: usize,
    /// What `--rate` says.
    pub rate: RateChoice,
    /// How fast it may go.
    pub pace: PaceRules,
    /// How long the target may take.
    pub timeouts: Timeouts,
    /// Further certificates to trust, a PEM file.
    pub certificates: Option<PathBuf>,
    /// How often and how long one batch is tried.
    pub retry: RetryBudget,
    /// Stop once more records than this were rejected.
    pub max_errors: Option<u64>,
    /// What standard output gets.
    pub output: OutputFormat,
    /// What standard error gets.
    pub progress: Progress,
    /// What else standard error gets.
    pub console: Console,
    /// Metrics for Prometheus, which are there before the settings are: that these are wrong is to be seen in them.
    pub metrics: Option<Arc<MetricsFile>>,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What becomes of users who are at the target already.
    pub on_existing: OnExisting,
    /// Whether the target is asked about users, too, whom it confirmed in an earlier run.
    pub recheck: bool,
    /// Which run to go on with.
    pub which_run: WhichRun,
    /// How much a verification compares.
    pub sample: Sample,
    /// How a run is undone.
    pub undo: Undo,
    /// A further place for the report.
    pub report: Option<PathBuf>,
}

impl ImportSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: ImportArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let rule_files = RuleFiles::read(&arguments.mapping)?;
        Self::resolve_with(rule_files, arguments, environment)
    }

    fn resolve_with(
        rule_files: RuleFiles,
        arguments: ImportArguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let inputs: Vec<Input> = arguments.import.iter().map(|path| Input::from_argument(path)).collect();
        let passwords = arguments.passwords.as_deref().map(Input::from_argument);
        if inputs.iter().chain(&passwords).filter(|input| **input == Input::Stdin).count() > 1 {
            return Err(SettingsError::StdinTwice);
        }
        let shard = shard::resolve(arguments.shard, environment)?;
        if shard.is_some() && inputs.iter().chain(&passwords).any(Input::is_pipe) {
            return Err(ShardError::Pipe.into());
        }
        let destination = destination(&arguments, environment)?;
        let ImportArguments { dry_run, mapping, on_existing, recheck, preview, new_run, options, .. } = arguments;
        let rate = first(options.rate, environment, "AVNOLOGY_RATE")?.unwrap_or_default();
        Ok(Self {
            rate,
            pace: pace(&options, (rate, shard), environment)?,
            timeouts: timeouts(&options),
            certificates: first(options.cacert.clone(), environment, "AVNOLOGY_CACERT")?,
            runs_directory: runs_directory(options.runs_dir.clone(), environment)?,
            preview: preview.unwrap_or(if dry_run && !is_quiet(&options) { 3 } else { 0 }),
            progress: progress(&options),
            retry: RetryBudget {
                total: options.max_wait.map_or(RetryBudget::default().total, Duration::from_secs),
                ..RetryBudget::default()
            },
            intake: Intake {
                inputs,
                shard,
                reader: ReaderLimits {
                    record_bytes: options.max_record_bytes.unwrap_or(ReaderLimits::default().record_bytes),
                    ..ReaderLimits::default()
                },
                rules: rule_files.rules(mapping.missing_email)?,
                passwords: None,
                workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            },
            passwords,
            rule_files,
            on_existing,
            recheck,
            max_errors: options.max_errors,
            output: options.output,
            console: console(&options),
            metrics: None,
            report: options.report,
            sample: Sample::All,
            undo: Undo::default(),
            which_run: if new_run { WhichRun::New } else { WhichRun::Open },
            destination,
        })
    }

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
        }
    }

    /// Resolves what was typed to verify.
    pub fn resolve_verify(arguments: VerifyArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let VerifyArguments { import, passwords, sample, all: _, target, mapping, options } = arguments;
        let sample = sample.map_or(Sample::All, |count| Sample::Of(count.get()));
        let import = ImportArguments {
            import,
            passwords,
            shard: None,
            dry_run: false,
            target,
            mapping,
            on_existing: OnExisting::default(),
            recheck: false,
            preview: None,
            new_run: false,
            options,
        };
        Ok(Self { sample, ..Self::resolve(import, environment)? })
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
            on_existing: OnExisting::from_str(&record.on_existing, false).map_err(wrong)?,
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
        max_record_bytes: typed.max_record_bytes.or(recorded.max_record_bytes),
        ..typed
    })
}

fn pace(
    options: &RunOptions,
    (rate, shard): (RateChoice, Option<Shard>),
    environment: &Environment,
) -> Result<PaceRules, SettingsError> {
    let concurrency = first(options.concurrency, environment, "AVNOLOGY_CONCURRENCY")?;
    let rules = RateRules::new(rate, options.rate_min, options.rate_max, options.burst.unwrap_or(NonZeroU32::MIN));
    Ok(PaceRules {
        rate: shard::share(rules, shard),
        concurrency: concurrency.unwrap_or(ConcurrencyRules::new(None)),
        items: options.batch_size.unwrap_or(DEFAULT_BATCH_SIZE),
        bytes: options.batch_bytes.unwrap_or(DEFAULT_BATCH_BYTES),
    })
}

fn timeouts(options: &RunOptions) -> Timeouts {
    let seconds = |count: NonZeroU32| Duration::from_secs(count.get().into());
    let default = Timeouts::default();
    Timeouts {
        connect: options.connect_timeout.map_or(default.connect, seconds),
        request: options.request_timeout.map_or(default.request, seconds),
    }
}

/// Where runs are kept.
pub fn runs_directory(flag: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, SettingsError> {
    Ok(first(flag, environment, "AVNOLOGY_RUNS_DIR")?.unwrap_or_else(|| PathBuf::from(".avnology/runs")))
}

/// The run with this id, or the newest one that is not finished.
fn find_run(runs: &Path, id: Option<&str>) -> Result<(RunDirectory, RunRecord), SettingsError> {
    let failed = |problem: String| SettingsError::Runs { directory: runs.display().to_string(), problem };
    let listed = RunDirectory::list(runs).map_err(|error| failed(error.to_string()))?;
    // What has no fingerprint, as standard input, cannot be known again.
    let is_open = |(directory, record): &(RunDirectory, RunRecord)| {
        !directory.is_finished()
            && record.inputs.iter().chain(&record.passwords).all(|input| input.fingerprint.is_some())
    };
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
            Some(id) => format!("there is no run `{id}`; `avnology migrate clerk runs` lists them"),
            None => "there is no run that was interrupted".to_owned(),
        })
    })
}

/// A flag, else a variable.
fn first<T: FromStr>(flag: Option<T>, environment: &Environment, name: &'static str) -> Result<Option<T>, SettingsError>
where
    T::Err: fmt::Display,
{
    match flag {
        Some(value) => Ok(Some(value)),
        None => environment.parse(name),
    }
}

fn destination(arguments: &ImportArguments, environment: &Environment) -> Result<Destination, SettingsError> {
    if arguments.dry_run {
        return Ok(Destination::Nowhere);
    }
    if arguments.target.sandbox {
        return Ok(Destination::Sandbox(arguments.target.sandbox_db.clone()));
    }
    let base_url = match first(arguments.target.base_url.clone(), environment, "AVNOLOGY_BASE_URL")? {
        Some(base_url) => base_url,
        None => DEFAULT_BASE_URL.parse().map_err(|error: BaseUrlError| SettingsError::Variable {
            name: "AVNOLOGY_BASE_URL",
            problem: error.to_string(),
        })?,
    };
    let key_source = environment.key_source();
    let secret_key = key_source.read().map_err(SettingsError::KeyFile)?.ok_or(SettingsError::NoKey)?;
    Ok(Destination::Target { base_url, secret_key, key_source })
}

/// What standard error gets beside progress. Who types `--verbose` wants to see something, whatever the config file says.
pub fn console(options: &RunOptions) -> Console {
    Console::new(options.log_format, is_quiet(options))
}

fn is_quiet(options: &RunOptions) -> bool {
    options.quiet && options.verbose == 0
}

/// The metrics of a job, if they are asked for.
pub fn metrics(options: &RunOptions, job: &'static str) -> Result<Option<Arc<MetricsFile>>, SettingsError> {
    let Some(path) = &options.metrics_file else { return Ok(None) };
    let file = MetricsFile::new(path, job).map_err(|source| SettingsError::Metrics { path: path.clone(), source })?;
    Ok(Some(Arc::new(file)))
}

fn progress(arguments: &RunOptions) -> Progress {
    match arguments.progress {
        _ if is_quiet(arguments) => Progress::None,
        ProgressStyle::Auto if arguments.log_format == LogFormat::Json => Progress::Json(LOGGED_PROGRESS),
        // Log lines would tear a bar apart.
        ProgressStyle::Auto if std::io::stderr().is_terminal() && arguments.verbose == 0 => Progress::Bars,
        ProgressStyle::Auto | ProgressStyle::Plain => Progress::Plain,
        ProgressStyle::Bars => Progress::Bars,
        ProgressStyle::Json => Progress::Json(WATCHED_PROGRESS),
        ProgressStyle::None => Progress::None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::cli::{Cli, Command, Provider};

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment::of(variables)
    }

    fn resolve(arguments: &[&str], variables: &[(&str, &str)]) -> Result<ImportSettings, SettingsError> {
        let line = ["avnology", "migrate", "clerk", "--import", "users.json"].iter().chain(arguments);
        let Command::Migrate(migrate) = Cli::try_parse_from(line).expect("arguments").command else { panic!() };
        let Provider::Clerk(clerk) = migrate.provider;
        ImportSettings::resolve(clerk.import, &environment(variables))
    }

    const KEY: (&str, &str) = (environment::KEY, "sk_test_1");

    #[test]
    fn flags_win_over_the_environment_and_that_over_defaults() {
        let rate =
            |arguments: &[&str], variables: &[(&str, &str)]| resolve(arguments, variables).unwrap().rate.to_string();
        assert_eq!(rate(&[], &[KEY]), "auto");
        assert_eq!(rate(&[], &[KEY, ("AVNOLOGY_RATE", "10/s")]), "10/s");
        assert_eq!(rate(&["--rate", "20/m"], &[KEY, ("AVNOLOGY_RATE", "10/s")]), "20/m");
    }

    #[test]
    fn a_real_import_needs_a_key_and_nothing_else_does() {
        assert!(matches!(resolve(&[], &[]), Err(SettingsError::NoKey)));
        assert!(matches!(resolve(&[], &[("AVNOLOGY_SECRET_KEY", "  ")]), Err(SettingsError::NoKey)));
        assert!(matches!(resolve(&["--dry-run"], &[]).unwrap().destination, Destination::Nowhere));
        assert!(matches!(resolve(&["--sandbox"], &[]).unwrap().destination, Destination::Sandbox(_)));
        match resolve(&[], &[KEY]).unwrap().destination {
            Destination::Target { base_url, secret_key, .. } => {
                assert_eq!(base_url.to_string(), DEFAULT_BASE_URL);
                assert_eq!(secret_key.expose_secret(), "sk_test_1");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_variable_is_named_but_not_repeated() {
        let error =
            resolve(&[], &[KEY, ("AVNOLOGY_BASE_URL", "http://sk_live_oops.example.com")]).unwrap_err().to_string();
        assert!(error.contains("AVNOLOGY_BASE_URL") && !error.contains("sk_live_oops"), "{error}");
    }

    #[test]
    fn dot_env_never_overrides_the_environment_and_is_not_quoted_in_errors() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "AVNOLOGY_RATE=7/s\n").unwrap();
        assert_eq!(Environment::read(directory.path()).unwrap().get("AVNOLOGY_RATE"), Some("7/s"));
        std::fs::write(directory.path().join(".env"), "SITE_NAME=My App\nexport AVNOLOGY_RATE='8/s'\n").unwrap();
        let other_programs = Environment::read(directory.path()).unwrap();
        assert_eq!(other_programs.get("AVNOLOGY_RATE"), Some("8/s"));
        std::fs::write(directory.path().join(".env"), "AVNOLOGY_SECRET_KEY=\"sk_live_secret\n").unwrap();
        let error = Environment::read(directory.path()).err().unwrap().to_string();
        assert!(!error.contains("sk_live_secret"), "{error}");
    }
}
