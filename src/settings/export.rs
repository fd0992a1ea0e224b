//! The settings of an export from Clerk's API.

use std::path::Path;

use super::clerk_client::{ClerkClientChoice, clerk_pace};
use super::connection::{patience, retry, timeouts};
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::{Environment, SettingsError};
use crate::cli::{CACERT, ExportArguments};
use crate::export::{ExportDirectory, ExportError, ExportKind, ExportPlan, SinceArgument};
use crate::http::ClientOptions;
use crate::pace::{PaceRules, RetryBudget};

/// All that an export needs to know.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// What is wanted.
    pub plan: ExportPlan,
    /// Where it goes.
    pub directory: ExportDirectory,
    /// Whether an export that is there already is deleted.
    pub new: bool,
    /// How the API is reached.
    pub client: ClientOptions,
    /// How fast it may go.
    pub pace: PaceRules,
    /// How often and how long one request is tried.
    pub retry: RetryBudget,
    /// Where its output goes.
    pub output: OutputSettings,
}

impl ExportSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: ExportArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ExportArguments { out, only, since, deleted, compress, new, api, connection, .. } = arguments;
        let client = ClerkClientChoice {
            url: api.clerk_url,
            timeouts: timeouts(connection.connect_timeout, connection.request_timeout),
            certificates: environment.or_variable(connection.cacert, CACERT)?,
        };
        let (client, key_kind) = client.resolve(environment)?;
        let pace = clerk_pace(api.clerk_rate, key_kind, patience(connection.max_wait));
        let kinds = ExportKind::ALL.into_iter().filter(|kind| only.is_empty() || only.contains(kind)).collect();
        let directory = ExportDirectory::new(out.clone());
        let files = NamedFiles::new(&output).certificates(client.certificates.as_deref()).exporting_to(&directory);
        files.check(&runs_directory(None, environment)?, environment)?;
        output.without_page()?;
        if let Some(path) = deleted.iter().find(|earlier| is_same_directory(earlier, &out)).cloned() {
            // --new would delete it.
            return Err(ExportError::Earlier { path, problem: "this export goes there (--out)".to_owned() }.into());
        }
        Ok(Self {
            plan: ExportPlan {
                kinds,
                since: since.map(SinceArgument::resolve).transpose()?,
                deleted,
                compression: compress,
            },
            directory,
            new,
            client,
            pace,
            retry: retry(connection.max_wait),
            output,
        })
    }
}

fn is_same_directory(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
