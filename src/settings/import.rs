//! The settings of an import.

use std::path::PathBuf;

use super::connection::Connection;
use super::dry_run::DryRunSettings;
use super::export::ExportSettings;
use super::from_clerk::FromClerk;
use super::kept_users::{directory_of_kept, is_clerk, kept_directory};
use super::missing_rules::MissingRules;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::reading::{ReadingChoice, ReadingSettings};
use super::run_on_disk::RunOnDisk;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::typed_inputs::{TypedInputs, typed_inputs};
use super::{Environment, SettingsError};
use crate::cli::{ImportArguments, InputArguments, RunOptions};
use crate::delivery::OnExisting;
use crate::export::ExportDirectory;
use crate::journal::LockDirectory;

/// Which run an import goes on with.
#[derive(Clone, Debug)]
pub enum WhichRun {
    /// The newest one of the same work, if it was interrupted; else a new one.
    Open,
    /// A new one.
    New,
    /// The one that was named.
    Named(Box<RunOnDisk>),
}

/// When an import is refused before anything is sent, or stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Stop once more records than this were rejected.
    pub max_errors: Option<u64>,
    /// Send nothing while any record would be rejected.
    pub strict: bool,
    /// An input with fewer records than this is an error.
    pub min_records: Option<u64>,
}

impl Limits {
    /// Resolves what was typed. What is sent out of a pipe is sent before its end is known.
    pub(super) fn resolve(options: &RunOptions, reading: &ReadingSettings) -> Result<Self, SettingsError> {
        let RunOptions { max_errors, strict, min_records, .. } = *options;
        let strict = strict.unwrap_or(false);
        if strict && reading.has_pipe() {
            return Err(SettingsError::StrictPipe);
        }
        Ok(Self { max_errors, strict, min_records })
    }
}

/// What an import needs, a resumed one as well.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What to read and how to map it.
    pub reading: ReadingSettings,
    /// How the records are read from Clerk's API, if they come from there: they are in files of `reading` then.
    pub from_clerk: Option<ExportSettings>,
    /// Where to send it.
    pub target: TargetSettings,
    /// How the target is reached, and how fast.
    pub connection: Connection,
    /// Where its output goes.
    pub output: OutputSettings,
    /// Who runs it.
    pub user: Option<String>,
    /// A file for what became of each record.
    pub results: Option<PathBuf>,
    /// When it is refused or stopped.
    pub limits: Limits,
    /// What becomes of users who are at the target already.
    pub on_existing: OnExisting,
    /// What becomes of users who are no longer in the export; without it nobody looks for them.
    pub missing: Option<MissingRules>,
    /// Whether the organization of `reading` is made if it is not there.
    pub create_organization: bool,
    /// Whether the target is asked about users, too, whom it confirmed in an earlier run.
    pub recheck: bool,
    /// Whether the user said yes already.
    pub has_consent: bool,
    /// Which run to go on with.
    pub which_run: WhichRun,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// Where the locks of targets are.
    pub locks: LockDirectory,
}

/// What `avnology migrate clerk --import` asks for.
#[derive(Clone, Debug)]
pub enum ImportOrDryRun {
    /// `--dry-run`
    DryRun(Box<DryRunSettings>),
    /// An import.
    Import(Box<ImportSettings>),
}

impl ImportOrDryRun {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: ImportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        if arguments.inputs.is_empty() {
            return Err(SettingsError::NothingToImport);
        }
        if arguments.create_organization && arguments.mapping.organization.is_none() {
            return Err(SettingsError::CreateWhich);
        }
        if arguments.dry_run {
            DryRunSettings::resolve(arguments, output, environment).map(Box::new).map(Self::DryRun)
        } else {
            ImportSettings::resolve(arguments, output, environment).map(Box::new).map(Self::Import)
        }
    }
}

impl ImportSettings {
    fn resolve(
        mut arguments: ImportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let create_organization = arguments.create_organization;
        let target = TargetSettings::resolve(arguments.target.clone(), environment)?;
        let runs = runs_directory(arguments.options.runs_dir.clone(), environment)?;
        let mut inputs =
            typed_inputs(TypedInputs::of(&mut arguments.inputs, &arguments.selection), target.kratos_choice())?;
        let mut from_clerk = None;
        if inputs.inputs.iter().any(|(_, input)| is_clerk(input)) {
            if arguments.shard.is_some() {
                return Err(SettingsError::ClerkInShards);
            }
            let directory = kept_directory(&runs, &target);
            let (connection, new) = (&Connection::of_run(&arguments.options, None, environment)?, arguments.new_run);
            let (api, max_wait) = (std::mem::take(&mut arguments.clerk_api), arguments.options.connection.max_wait);
            let choice = FromClerk { api, connection, max_wait, new, output: &output };
            from_clerk = Some(choice.resolve(directory, &mut inputs, environment)?);
        }
        let ImportArguments {
            inputs: InputArguments { passwords, .. },
            shard,
            selection,
            mapping,
            on_existing,
            on_missing,
            max_missing,
            recheck,
            results,
            new_run,
            yes,
            options,
            ..
        } = arguments;
        let choice = ReadingChoice::of(inputs, passwords, shard, selection, &mapping)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(target.kratos_choice())?;
        Self {
            limits: Limits::resolve(&options, &reading)?,
            missing: MissingRules::resolve(on_missing, max_missing, &reading, reading.selection.is_some())?,
            target,
            connection: Connection::of_run(&options, reading.shard, environment)?,
            reading,
            from_clerk,
            output,
            user: environment.user(),
            results,
            on_existing,
            create_organization,
            recheck,
            has_consent: yes,
            which_run: if new_run { WhichRun::New } else { WhichRun::Open },
            runs_directory: runs,
            locks: environment.locks(),
        }
        .checked(environment)
    }

    /// The directory in which records from Clerk's API are until this import is finished.
    pub fn kept_from_clerk(&self) -> Option<ExportDirectory> {
        self.reading.inputs.iter().find_map(|input| directory_of_kept(input, &self.runs_directory))
    }

    /// Fails if a file that the import writes is one that it reads.
    pub(super) fn checked(self, environment: &Environment) -> Result<Self, SettingsError> {
        let files =
            NamedFiles::new(&self.output).results(self.results.as_deref()).reading(&self.reading).target(&self.target);
        files.certificates(self.connection.certificates.as_deref()).check(&self.runs_directory, environment)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::avnology::DEFAULT_BASE_URL;
    use crate::cli::{Cli, Command, Provider, SECRET_KEY};

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment::of(variables)
    }

    fn resolve(arguments: &[&str], variables: &[(&str, &str)]) -> Result<ImportOrDryRun, SettingsError> {
        let line = ["avnology", "migrate", "clerk", "--import", "users.json"].iter().chain(arguments);
        let Command::Migrate(migrate) = Cli::try_parse_from(line).expect("arguments").command else { panic!() };
        let Provider::Clerk(clerk) = migrate.provider;
        let output = OutputSettings::new(&clerk.import.options.output);
        ImportOrDryRun::resolve(clerk.import, output, &environment(variables))
    }

    fn import(arguments: &[&str], variables: &[(&str, &str)]) -> ImportSettings {
        let ImportOrDryRun::Import(settings) = resolve(arguments, variables).unwrap() else { panic!() };
        *settings
    }

    const KEY: (&str, &str) = (SECRET_KEY, "sk_test_1");

    #[test]
    fn flags_win_over_the_environment_and_that_over_defaults() {
        let rate =
            |arguments: &[&str], variables: &[(&str, &str)]| import(arguments, variables).connection.rate.to_string();
        assert_eq!(rate(&[], &[KEY]), "auto");
        assert_eq!(rate(&[], &[KEY, ("AVNOLOGY_RATE", "10/s")]), "10/s");
        assert_eq!(rate(&["--rate", "20/m"], &[KEY, ("AVNOLOGY_RATE", "10/s")]), "20/m");
    }

    #[test]
    fn a_real_import_needs_a_key_and_nothing_else_does() {
        assert!(matches!(resolve(&[], &[]), Err(SettingsError::NoKey)));
        assert!(matches!(resolve(&[], &[("AVNOLOGY_SECRET_KEY", "  ")]), Err(SettingsError::NoKey)));
        assert!(matches!(resolve(&["--dry-run"], &[]).unwrap(), ImportOrDryRun::DryRun(_)));
        assert!(matches!(import(&["--sandbox"], &[]).target, TargetSettings::Sandbox(_)));
        match import(&[], &[KEY]).target {
            TargetSettings::Real { base_url, secret_key, .. } => {
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
}
