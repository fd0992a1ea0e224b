//! The settings of a plan of a tenant.

use std::path::PathBuf;

use super::clerk_client::{ClerkClientChoice, clerk_pace};
use super::connection::{patience, retry, timeouts};
use super::kept_users::{is_clerk, passing_directory};
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::{Environment, ExportSettings, SettingsError};
use crate::cli::{CACERT, PlanArguments};
use crate::export::{Compression, ExportDirectory, ExportPlan};
use crate::tenant_plan::{PlanBuilder, UrlAssignment};

/// What a plan needs.
#[derive(Clone, Debug)]
pub struct TenantPlanSettings {
    /// Where the records are.
    pub directory: ExportDirectory,
    /// How they are read from Clerk's API into that directory, if they come from there.
    pub from_clerk: Option<ExportSettings>,
    /// Where the plan goes.
    pub out: PathBuf,
    /// Where it goes as Markdown.
    pub markdown: PathBuf,
    /// What the person who typed it says.
    pub assignments: Vec<UrlAssignment>,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl TenantPlanSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: PlanArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let PlanArguments { from, out, assign, api, connection, .. } = arguments;
        if out.extension().is_none_or(|extension| extension != "json") {
            return Err(SettingsError::NoJsonName { path: out });
        }
        let certificates = environment.or_variable(connection.cacert, CACERT)?;
        let markdown = out.with_extension("md");
        let files =
            NamedFiles::new(&output).export(&ExportDirectory::new(from.clone())).certificates(certificates.as_deref());
        let files = files.writing("--out", [out.clone(), markdown.clone()]);
        files.check(&runs_directory(None, environment)?, environment)?;
        output.without_page()?;
        let mut from_clerk = None;
        let mut directory = ExportDirectory::new(from.clone());
        if is_clerk(&from) {
            directory = ExportDirectory::new(passing_directory());
            let timeouts = timeouts(connection.connect_timeout, connection.request_timeout);
            let (client, key_kind) =
                ClerkClientChoice { url: api.clerk_url, timeouts, certificates }.resolve(environment)?;
            let compression = Compression::None;
            from_clerk = Some(ExportSettings {
                plan: ExportPlan { kinds: PlanBuilder::KINDS.to_vec(), since: None, deleted: Vec::new(), compression },
                directory: directory.clone(),
                new: true,
                pace: clerk_pace(api.clerk_rate, key_kind, patience(connection.max_wait)),
                client,
                retry: retry(connection.max_wait),
                output: output.clone(),
            });
        }
        Ok(Self { directory, from_clerk, out, markdown, assignments: assign, output })
    }
}
