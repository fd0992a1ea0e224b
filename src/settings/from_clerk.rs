//! `--import clerk://`: the records come from Clerk's API. They are read into a directory of the program's own, and imported
//! from there: so all that holds for a file holds for them.

use std::path::PathBuf;

use super::clerk_client::{ClerkClientChoice, clerk_pace};
use super::connection::{Connection, patience, retry};
use super::export::ExportSettings;
use super::kept_users::is_clerk;
use super::output::OutputSettings;
use super::typed_inputs::{WantedInputs, of_export};
use super::{Environment, SettingsError};
use crate::cli::ClerkApiArguments;
use crate::export::{self, Compression, ExportDirectory, ExportPlan};

/// What an import is about that reads from Clerk's API.
pub(super) struct FromClerk<'s> {
    pub api: ClerkApiArguments,
    pub connection: &'s Connection,
    pub max_wait: Option<u64>,
    /// Whether what is there of an earlier command is deleted.
    pub new: bool,
    pub output: &'s OutputSettings,
}

impl FromClerk<'_> {
    /// Puts the files that will be in the directory in the place of Clerk's API among the inputs.
    pub(super) fn resolve(
        self,
        directory: PathBuf,
        inputs: &mut WantedInputs,
        environment: &Environment,
    ) -> Result<ExportSettings, SettingsError> {
        let Self { api: ClerkApiArguments { clerk_url, clerk_rate }, connection, max_wait, new, output } = self;
        let (directory, compression) = (ExportDirectory::new(directory), Compression::Zstd);
        let mut wanted = Vec::new();
        for (kind, input) in inputs.inputs.iter_mut().chain(&mut inputs.joined).filter(|(_, input)| is_clerk(input)) {
            *input = directory.file(of_export(*kind), compression);
            wanted.push(of_export(*kind));
        }
        let kinds = export::ExportKind::ALL.into_iter().filter(|kind| wanted.contains(kind)).collect();
        let choice = ClerkClientChoice {
            url: clerk_url,
            timeouts: connection.timeouts,
            certificates: connection.certificates.clone(),
        };
        let (client, key_kind) = choice.resolve(environment)?;
        Ok(ExportSettings {
            plan: ExportPlan { kinds, since: None, deleted: Vec::new(), compression },
            directory,
            new,
            pace: clerk_pace(clerk_rate, key_kind, patience(max_wait)),
            client,
            retry: retry(max_wait),
            output: output.clone(),
        })
    }
}
