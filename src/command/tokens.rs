//! `avnology migrate clerk tokens`: takes token templates apart.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shared::command_error::CommandError;
use super::shared::export_command_error::ExportCommandError;
use super::shared::in_background::in_background;
use super::shared::reading::records_of_export::{Enough, each_record, finished};
use super::shared::tenant_plan_error::TenantPlanError;
use super::shared::terminal::output::write_report;
use crate::avnology::encode;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::export::{ExportKind, ExportedFile, Manifest};
use crate::mapping::{Rejection, Rules, map, parse};
use crate::report::{print_json, print_wrapped};
use crate::settings::TokensSettings;
use crate::signal::Signals;
use crate::tenant_plan::{ExampleUser, TokenTemplate, tokens_text};

/// The form for a program.
#[derive(Serialize)]
struct Templates<'a> {
    templates: &'a [TokenTemplate],
}

/// Takes the templates of an export apart, and shows them.
pub async fn tokens(settings: TokensSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let reading = settings.clone();
    // An example may be the last of many users.
    let templates = in_background("reading the export", &mut signals, move |_| read(&reading)).await??;
    let output = &settings.output;
    if let Some(path) = &output.report {
        let failed = |source| TenantPlanError::Write { path: path.clone(), source };
        write_report(path, &Templates { templates: &templates }).map_err(failed)?;
        output.report_path.written(path);
    }
    match output.format {
        OutputFormat::Json => print_json(&Templates { templates: &templates }),
        OutputFormat::Text => print_wrapped(&tokens_text(&templates)),
    }
    .map_err(ExportCommandError::from)?;
    Ok(ExitStatus::Success)
}

fn read(settings: &TokensSettings) -> Result<Vec<TokenTemplate>, CommandError> {
    let (directory, manifest) = (settings.directory.path(), finished(&settings.directory)?);
    // An instance that has no such list has no templates.
    let templates = match file_of(&manifest, ExportKind::JwtTemplates) {
        None if manifest.missing.iter().any(|missing| missing.kind == ExportKind::JwtTemplates) => {
            return Ok(Vec::new());
        }
        file => file.ok_or_else(|| without(settings, ExportKind::JwtTemplates))?,
    };
    let mut found = Vec::new();
    each_record(directory, templates, |record| {
        found.push(TokenTemplate::read(record)?);
        Ok(Enough::No)
    })?;
    found.sort_by(|one, other| (&one.template, &one.id).cmp(&(&other.template, &other.id)));
    let Some(id) = &settings.example else { return Ok(found) };
    let users = file_of(&manifest, ExportKind::Users).ok_or_else(|| without(settings, ExportKind::Users))?;
    let record = find_user(directory, users, id)?;
    let user = serde_json::from_slice(&record).unwrap_or_default();
    let identity = identity_of(&record)?;
    let example = ExampleUser { user: &user, identity: &identity };
    Ok(found.into_iter().map(|template| template.with_example(example)).collect())
}

fn file_of(manifest: &Manifest, kind: ExportKind) -> Option<&ExportedFile> {
    manifest.files.iter().find(|file| file.kind == kind)
}

fn without(settings: &TokensSettings, kind: ExportKind) -> TenantPlanError {
    TenantPlanError::Without { path: settings.directory.path().to_path_buf(), kind }
}

/// The record of a user.
fn find_user(directory: &Path, users: &ExportedFile, id: &str) -> Result<Vec<u8>, TenantPlanError> {
    #[derive(Deserialize)]
    struct User<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let mut found = None;
    each_record(directory, users, |record| {
        let is_it = serde_json::from_slice::<User<'_>>(record).is_ok_and(|user| user.id == id);
        found = is_it.then(|| record.to_vec());
        Ok(if is_it { Enough::Yes } else { Enough::No })
    })?;
    found.ok_or(TenantPlanError::NoUser)
}

/// What an import by the default rules makes of a user.
fn identity_of(record: &[u8]) -> Result<Value, TenantPlanError> {
    let rejected = |rejection: Rejection| TenantPlanError::RejectedUser(rejection.message);
    let (user, rules) = (parse(record).map_err(rejected)?, Rules::default());
    let mapped = map(&user, &rules).map_err(rejected)?;
    let mut body = Vec::new();
    encode(&mapped.identity, &mut body);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    Ok(body["identity"].clone())
}
