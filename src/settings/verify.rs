//! The settings of a verification.

use std::path::PathBuf;

use super::connection::Connection;
use super::export::ExportSettings;
use super::from_clerk::FromClerk;
use super::kept_users::{is_clerk, passing_directory};
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::reading::{ReadingChoice, ReadingSettings};
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::typed_inputs::{TypedInputs, typed_inputs};
use super::{Environment, SettingsError};
use crate::cli::{InputArguments, VerifyArguments};

/// What a verification needs.
#[derive(Clone, Debug)]
pub struct VerifySettings {
    /// The export, and how it was mapped.
    pub reading: ReadingSettings,
    /// How the records are read from Clerk's API, if they come from there: they are in files of `reading` then.
    pub from_clerk: Option<ExportSettings>,
    /// What to compare it with.
    pub target: TargetSettings,
    /// How the target is reached, and how fast.
    pub connection: Connection,
    /// Where its output goes.
    pub output: OutputSettings,
    /// Where runs are kept: that of the same export is found there.
    pub runs_directory: PathBuf,
    /// An input with fewer records than this is an error.
    pub min_records: Option<u64>,
}

impl VerifySettings {
    /// Resolves what was typed.
    pub fn resolve(
        mut arguments: VerifyArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        if arguments.inputs.is_empty() {
            return Err(SettingsError::NothingToCompare);
        }
        let target = TargetSettings::resolve(arguments.target.clone(), environment)?;
        let typed = TypedInputs::of(&mut arguments.inputs, &arguments.selection);
        let mut inputs = typed_inputs(typed, target.kratos_choice())?;
        let mut from_clerk = None;
        if inputs.inputs.iter().any(|(_, input)| is_clerk(input)) {
            let connection = &Connection::of_run(&arguments.options, None, environment)?;
            let (api, max_wait) = (std::mem::take(&mut arguments.clerk_api), arguments.options.connection.max_wait);
            let choice = FromClerk { api, connection, max_wait, new: true, output: &output };
            from_clerk = Some(choice.resolve(passing_directory(), &mut inputs, environment)?);
        }
        let VerifyArguments { inputs: InputArguments { passwords, .. }, selection, mapping, options, .. } = arguments;
        let choice = ReadingChoice::of(inputs, passwords, None, selection, &mapping)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(target.kratos_choice())?;
        let connection = Connection::of_run(&options, reading.shard, environment)?;
        let runs = runs_directory(options.runs_dir, environment)?;
        let files =
            NamedFiles::new(&output).reading(&reading).target(&target).certificates(connection.certificates.as_deref());
        files.check(&runs, environment)?;
        output.without_page()?;
        let min_records = options.min_records;
        Ok(Self { reading, from_clerk, target, connection, output, min_records, runs_directory: runs })
    }
}
