//! The settings of a command that takes token templates apart.

use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::{Environment, SettingsError};
use crate::cli::TokensArguments;
use crate::export::ExportDirectory;

/// What it needs.
#[derive(Clone, Debug)]
pub struct TokensSettings {
    /// The export.
    pub directory: ExportDirectory,
    /// The id at Clerk of the user of whom an example is shown.
    pub example: Option<String>,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl TokensSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: TokensArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let TokensArguments { from, example, .. } = arguments;
        let directory = ExportDirectory::new(from);
        NamedFiles::new(&output).export(&directory).check(&runs_directory(None, environment)?, environment)?;
        output.without_page()?;
        Ok(Self { directory, example, output })
    }
}
