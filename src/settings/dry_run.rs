//! The settings of a dry run.

use std::path::PathBuf;

use super::connection::Connection;
use super::export::ExportSettings;
use super::from_clerk::FromClerk;
use super::kept_users::{is_clerk, passing_directory};
use super::kratos_target::KratosChoice;
use super::missing_rules::MissingRules;
use super::named_files::NamedFiles;
use super::output::{OutputSettings, is_quiet};
use super::reading::{ReadingChoice, ReadingSettings};
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::typed_inputs::{TypedInputs, WantedInputs, typed_inputs};
use super::{Environment, SettingsError};
use crate::cli::{ImportArguments, InputArguments, TargetArguments};
use crate::delivery::OnExisting;
use crate::kind::Kind;

/// Identities that are shown if nothing else was typed.
const DEFAULT_PREVIEW: usize = 3;

/// What a dry run needs.
#[derive(Clone, Debug)]
pub struct DryRunSettings {
    /// What to read and how to map it.
    pub reading: ReadingSettings,
    /// How the records are read from Clerk's API, if they come from there: they are in files of `reading` then.
    pub from_clerk: Option<ExportSettings>,
    /// Where its output goes.
    pub output: OutputSettings,
    /// Who runs it.
    pub user: Option<String>,
    /// Identities to show.
    pub preview: usize,
    /// Stop once more records than this were rejected.
    pub max_errors: Option<u64>,
    /// An input with fewer records than this is an error.
    pub min_records: Option<u64>,
    /// What an import would do about users who are no longer in the export.
    pub missing: Option<MissingRules>,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// How fast an import would go, and how the target is reached.
    pub connection: Connection,
    /// What is looked up at the target, if anything is.
    pub check: Option<CheckSettings>,
}

/// What a dry run that looks at the target needs beside.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// The target.
    pub target: TargetSettings,
    /// What an import would do with users who are there already.
    pub on_existing: OnExisting,
    /// Whether it would make the organization of the users if it is not there.
    pub create_organization: bool,
    /// Where to write who differs and who would be refused.
    pub findings: Option<PathBuf>,
}

impl CheckSettings {
    fn resolve(
        target: TargetArguments,
        (on_existing, create_organization): (OnExisting, bool),
        findings: Option<PathBuf>,
        reading: &ReadingSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let target = TargetSettings::resolve(target, environment)?;
        if reading.has_pipe() {
            return Err(SettingsError::CheckPipe);
        }
        if reading.kinds.iter().any(|kind| *kind != Kind::User) {
            return Err(SettingsError::CheckSteps);
        }
        Ok(Self { target, on_existing, create_organization, findings })
    }
}

impl DryRunSettings {
    /// Resolves what was typed. What would be wrong for the import is wrong here, too, but for what only the target needs.
    pub(super) fn resolve(
        mut arguments: ImportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let (check_target, findings) = (arguments.check_target, arguments.findings.take());
        let kratos = KratosChoice::of(&arguments.target)?;
        let mut inputs = typed_inputs(TypedInputs::of(&mut arguments.inputs, &arguments.selection), kratos.as_ref())?;
        let from_clerk = from_clerk(&mut arguments, &mut inputs, &output, environment)?;
        let existing = (arguments.on_existing, arguments.create_organization);
        let missing = (arguments.on_missing, arguments.max_missing);
        let ImportArguments {
            inputs: InputArguments { passwords, .. },
            shard,
            selection,
            target,
            mapping,
            preview,
            options,
            ..
        } = arguments;
        let choice = ReadingChoice::of(inputs, passwords, shard, selection, &mapping)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(kratos.as_ref())?;
        let missing = MissingRules::resolve(missing.0, missing.1, &reading, reading.selection.is_some())?;
        let connection = Connection::of_run(&options, reading.shard, environment)?;
        let runs = runs_directory(options.runs_dir.clone(), environment)?;
        let check = || CheckSettings::resolve(target, existing, findings, &reading, environment);
        let check = check_target.then(check).transpose()?;
        let files = NamedFiles::new(&output).reading(&reading).certificates(connection.certificates.as_deref());
        let files = match &check {
            None => files,
            Some(check) => files.target(&check.target).findings(check.findings.as_deref()),
        };
        files.check(&runs, environment)?;
        let default = if is_quiet(&options.output) { 0 } else { DEFAULT_PREVIEW };
        Ok(Self {
            reading,
            from_clerk,
            output,
            user: environment.user(),
            preview: preview.unwrap_or(default),
            max_errors: options.max_errors,
            min_records: options.min_records,
            missing,
            runs_directory: runs,
            connection,
            check,
        })
    }
}

/// How the records are read from Clerk's API, if an input says that they are there.
fn from_clerk(
    arguments: &mut ImportArguments,
    inputs: &mut WantedInputs,
    output: &OutputSettings,
    environment: &Environment,
) -> Result<Option<ExportSettings>, SettingsError> {
    if !inputs.inputs.iter().any(|(_, input)| is_clerk(input)) {
        return Ok(None);
    }
    if arguments.shard.is_some() {
        return Err(SettingsError::ClerkInShards);
    }
    let connection = &Connection::of_run(&arguments.options, None, environment)?;
    let (api, max_wait) = (std::mem::take(&mut arguments.clerk_api), arguments.options.connection.max_wait);
    let choice = FromClerk { api, connection, max_wait, new: true, output };
    choice.resolve(passing_directory(), inputs, environment).map(Some)
}
