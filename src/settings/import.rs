//! The settings of an import, and of what else is done about the users of an export.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::engine::ShardError;
use super::environment::KeyVariables;
use super::output::{ProgressMode, console, is_quiet, progress};
use super::{Environment, SettingsError, shard};
use crate::avnology::DEFAULT_BASE_URL;
use crate::cli::{ImportArguments, OutputFormat, RunOptions, VerifyArguments};
use crate::delivery::OnExisting;
use crate::export::Manifest;
use crate::http::{BaseUrl, BaseUrlError, KeySource, Proxy, Timeouts, check_key};
use crate::journal::LockDirectory;
use crate::pace::{ConcurrencyRules, PaceRules, RateChoice, RateRules, RetryBudget, Timer};
use crate::pipeline::Intake;
use crate::report::{Console, MetricsFile};
use crate::rule_files::RuleFiles;
use crate::source::{Input, ObjectAccess, ReaderLimits, Shard, Watch};

/// Users in one request. Larger ones gain little and lose more when they fail.
const DEFAULT_BATCH_SIZE: usize = 500;

/// Bytes in one request.
const DEFAULT_BATCH_BYTES: usize = 1024 * 1024;

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
        /// The proxy on the way to it.
        proxy: Option<Arc<Proxy>>,
    },
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
    /// Send nothing while any record would be rejected.
    pub strict: bool,
    /// An input with fewer records than this is an error.
    pub min_records: Option<u64>,
    /// What standard output gets.
    pub output: OutputFormat,
    /// What standard error gets.
    pub progress: ProgressMode,
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
    /// Where the locks of targets are.
    pub locks: LockDirectory,
}

impl ImportSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: ImportArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let rule_files =
            RuleFiles::read(arguments.mapping.mapping.as_deref(), arguments.mapping.traits_schema.as_deref())?;
        Self::resolve_with(rule_files, arguments, environment)
    }

    pub(super) fn resolve_with(
        rule_files: RuleFiles,
        arguments: ImportArguments,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let access = object_access(&arguments.options, environment)?;
        let input = |path: &PathBuf| Input::parse(path, &access);
        let inputs = arguments.import.iter().map(|path| {
            let users = if path.is_dir() { Manifest::users_in(path)? } else { None };
            input(users.as_ref().unwrap_or(path)).map_err(SettingsError::from)
        });
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let passwords = arguments.passwords.as_ref().map(input).transpose()?;
        check_inputs(&inputs, passwords.as_ref(), environment)?;
        let shard = shard::resolve(arguments.shard, environment)?;
        if shard.is_some() && inputs.iter().chain(&passwords).any(Input::is_pipe) {
            return Err(ShardError::Pipe.into());
        }
        if arguments.options.strict && !arguments.dry_run && inputs.iter().any(Input::is_pipe) {
            return Err(SettingsError::StrictPipe);
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
            preview: preview.unwrap_or(if dry_run && !is_quiet(&options.output) { 3 } else { 0 }),
            progress: progress(&options.output),
            retry: RetryBudget { total: patience(&options), ..RetryBudget::default() },
            intake: Intake {
                inputs,
                shard,
                reader: ReaderLimits {
                    record_bytes: options.max_record_bytes.unwrap_or(ReaderLimits::default().record_bytes),
                    ..ReaderLimits::default()
                },
                rules: rule_files.rules(mapping.missing_email)?,
                passwords: None,
                watch: Watch::Nothing,
                workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            },
            passwords,
            rule_files,
            on_existing,
            recheck,
            max_errors: options.max_errors,
            strict: options.strict,
            min_records: options.min_records,
            output: options.output.format,
            console: console(&options.output),
            metrics: None,
            report: options.output.report,
            locks: environment.locks(),
            sample: Sample::All,
            undo: Undo::default(),
            which_run: if new_run { WhichRun::New } else { WhichRun::Open },
            destination,
        })
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
            // Nothing is sent.
            options: RunOptions { strict: false, ..options },
        };
        Ok(Self { sample, ..Self::resolve(import, environment)? })
    }
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
        patience: patience(options),
        timer: Timer::default(),
    })
}

/// How inputs are reached that lie in a store.
fn object_access(options: &RunOptions, environment: &Environment) -> Result<Arc<ObjectAccess>, SettingsError> {
    let Timeouts { connect, request } = timeouts(options);
    Ok(Arc::new(ObjectAccess {
        options: environment.of_stores(),
        certificates: first(options.cacert.clone(), environment, "AVNOLOGY_CACERT")?,
        connect_timeout: connect,
        part_timeout: request,
        patience: patience(options),
    }))
}

/// How long something that fails is tried again.
fn patience(options: &RunOptions) -> Duration {
    options.max_wait.map_or(RetryBudget::default().total, Duration::from_secs)
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

/// A flag, else a variable.
pub(super) fn first<T: FromStr>(
    flag: Option<T>,
    environment: &Environment,
    name: &'static str,
) -> Result<Option<T>, SettingsError>
where
    T::Err: fmt::Display,
{
    match flag {
        Some(value) => Ok(Some(value)),
        None => environment.parse(name),
    }
}

/// Fails if there are too many inputs, or one that cannot be read.
fn check_inputs(inputs: &[Input], passwords: Option<&Input>, environment: &Environment) -> Result<(), SettingsError> {
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
    let names = KeyVariables::ADMIN;
    let key_source = environment.key_source(names);
    let failed = |source| SettingsError::KeyFile { variable: names.file, source };
    let secret_key = key_source.read().map_err(failed)?.ok_or(SettingsError::NoKey)?;
    let place = || environment.key_place(names);
    check_key(&secret_key).map_err(|fault| SettingsError::Key { called: names.called, place: place(), fault })?;
    environment.warn_of_readers(names);
    let proxy = environment.proxy(&base_url)?.map(Arc::new);
    Ok(Destination::Target { base_url, secret_key, key_source, proxy })
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

    const KEY: (&str, &str) = (KeyVariables::ADMIN.key, "sk_test_1");

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
