//! The settings of a dry run.

use super::connection::Connection;
use super::export::ExportSettings;
use super::from_clerk::FromClerk;
use super::kept_users::{is_clerk, passing_directory};
use super::named_files::NamedFiles;
use super::output::{OutputSettings, is_quiet};
use super::reading::{ReadingChoice, ReadingSettings};
use super::runs::runs_directory;
use super::{Environment, SettingsError};
use crate::cli::ImportArguments;
use crate::pace::PaceRules;

/// Identities that are shown if nothing else was typed.
const DEFAULT_PREVIEW: usize = 3;

/// What a dry run needs.
#[derive(Clone, Debug)]
pub struct DryRunSettings {
    /// What to read and how to map it.
    pub reading: ReadingSettings,
    /// How the users are read from Clerk's API, if they come from there: they are in a file of `reading` then.
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
    /// How fast an import would go.
    pub pace: PaceRules,
}

impl DryRunSettings {
    /// Resolves what was typed. What would be wrong for the import is wrong here, too, but for what only the target needs.
    pub(super) fn resolve(
        arguments: ImportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ImportArguments { mut import, passwords, shard, clerk_api, mapping, preview, options, .. } = arguments;
        let mut from_clerk = None;
        if import.iter().any(|input| is_clerk(input)) {
            if shard.is_some() {
                return Err(SettingsError::ClerkInShards);
            }
            let connection = &Connection::resolve(&options, None, environment)?;
            let choice =
                FromClerk { api: clerk_api, connection, max_wait: options.max_wait, new: true, output: &output };
            from_clerk = Some(choice.resolve(passing_directory(), &mut import, environment)?);
        }
        let choice = ReadingChoice::typed(import, passwords, shard, &mapping)?;
        let reading = ReadingSettings::resolve(choice, &options, environment)?;
        let connection = Connection::resolve(&options, reading.shard, environment)?;
        let runs = runs_directory(options.runs_dir.clone(), environment)?;
        NamedFiles::new(&output)
            .reading(&reading)
            .certificates(connection.certificates.as_deref())
            .check(&runs, environment)?;
        let default = if is_quiet(&options.output) { 0 } else { DEFAULT_PREVIEW };
        Ok(Self {
            reading,
            from_clerk,
            output,
            user: environment.user(),
            preview: preview.unwrap_or(default),
            max_errors: options.max_errors,
            min_records: options.min_records,
            pace: connection.pace,
        })
    }
}
