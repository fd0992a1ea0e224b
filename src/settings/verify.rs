//! The settings of a verification.

use std::path::PathBuf;

use super::connection::Connection;
use super::kratos_target::KratosChoice;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::reading::{ReadingChoice, ReadingSettings};
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::typed_inputs::{TypedInputs, typed_inputs};
use super::{Environment, SettingsError};
use crate::cli::VerifyArguments;
use crate::kind::Kind;

/// What a verification needs.
#[derive(Clone, Debug)]
pub struct VerifySettings {
    /// The export, and how it was mapped.
    pub reading: ReadingSettings,
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
        let target = TargetSettings::resolve(arguments.target.clone(), environment)?;
        let inputs = typed_inputs(
            TypedInputs::of_verification(&mut arguments),
            target.kratos_choice().map_or(&Kind::ALL[..], KratosChoice::kinds),
        )?;
        let VerifyArguments { passwords, selection, mapping, options, .. } = arguments;
        let choice = ReadingChoice::of(inputs, passwords, None, selection, &mapping)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?.for_kratos(target.kratos_choice())?;
        let connection = Connection::resolve(&options, reading.shard, environment)?;
        let runs = runs_directory(options.runs_dir, environment)?;
        let files =
            NamedFiles::new(&output).reading(&reading).target(&target).certificates(connection.certificates.as_deref());
        files.check(&runs, environment)?;
        output.without_page()?;
        let min_records = options.min_records;
        Ok(Self { reading, target, connection, output, min_records, runs_directory: runs })
    }
}
