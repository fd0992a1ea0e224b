//! `avnology doctor`: whether this machine, its settings and the target are ready for a migration, and what to do if not.
//!
//! [`finding`] is what is said about one thing; [`machine`] and [`at_target`] look.

mod at_target;
mod finding;
mod machine;

use serde::Serialize;

use at_target::target;
use finding::{DoctorFinding, Health};

use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::report::{StdoutError, print_json, print_wrapped};
use crate::settings::{DoctorSettings, FoundKey, SettingsError, TargetSettings};

/// Looks at everything an import needs. Returns the exit code of the first thing that is wrong.
pub async fn doctor(settings: DoctorSettings) -> Result<ExitStatus, StdoutError> {
    let findings = examine(&settings).await;
    let wrong: Vec<&DoctorFinding> = findings.iter().filter(|finding| finding.health == Health::Wrong).collect();
    let status = wrong.first().map_or(ExitStatus::Success, |finding| finding.status);
    match settings.format {
        OutputFormat::Json => {
            #[derive(Serialize)]
            struct Report<'a> {
                version: &'static str,
                exit_code: u8,
                findings: &'a [DoctorFinding],
            }
            let version = env!("CARGO_PKG_VERSION");
            print_json(&Report { version, exit_code: status.code(), findings: &findings })?;
        }
        OutputFormat::Text => {
            let mut text = String::new();
            for finding in &findings {
                finding.write(&mut text);
            }
            let end = match wrong.len() {
                0 => "All is ready.".to_owned(),
                1 => "1 thing is wrong.".to_owned(),
                count => format!("{count} things are wrong."),
            };
            print_wrapped(&format!("{text}\n{end}\n"))?;
        }
    }
    Ok(status)
}

async fn examine(settings: &DoctorSettings) -> Vec<DoctorFinding> {
    let mut findings = vec![DoctorFinding::ok("program", format!("avnology {}", env!("CARGO_PKG_VERSION")))];
    findings.push(match &settings.config_file {
        Some(path) => DoctorFinding::ok("config file", format!("`{}` is used", path.display())),
        None => DoctorFinding::note("config file", "there is none; options are typed, or in the environment"),
    });
    let without = "there is none: set AVNOLOGY_SECRET_KEY in the environment or in .env, or AVNOLOGY_SECRET_KEY_FILE to a file \
                   with it; a dry run and --sandbox need none";
    let needs_key = !matches!(settings.target, Ok(TargetSettings::Sandbox(_) | TargetSettings::Kratos { .. }));
    let without = if needs_key {
        DoctorFinding::wrong("admin key", without)
    } else {
        DoctorFinding::note("admin key", "none, and none is needed")
    };
    findings.push(key("admin key", &settings.admin_key, without));
    let without = DoctorFinding::note("Clerk's key", "there is none; only an export from Clerk's API needs one");
    findings.push(key("Clerk's key", &settings.clerk_key, without));
    let rules = match &settings.rules {
        Ok(rules) => Some(rules),
        Err(error) => {
            findings.push(DoctorFinding::wrong("mapping", error.to_string()));
            None
        }
    };
    match &settings.target {
        Ok(found) => {
            if settings.offline {
                findings.push(DoctorFinding::note("target", "not asked (--offline)"));
            } else {
                findings.extend(target(found, rules, settings.certificates.clone()).await);
            }
            if let Some(name) = found.name() {
                findings.push(machine::lock(&settings.locks, &name));
            }
        }
        // What is wrong with the key was said.
        Err(SettingsError::NoKey | SettingsError::Key { .. } | SettingsError::KeyFile { .. }) => {
            findings.push(DoctorFinding::note("target", "not asked, for want of a key"));
        }
        Err(error) => findings.push(DoctorFinding::wrong("target", error.to_string())),
    }
    findings.push(machine::runs_directory(&settings.runs_directory));
    findings.push(machine::temporary_directory());
    findings.push(machine::limits());
    findings
}

fn key(about: &'static str, found: &Result<Option<FoundKey>, SettingsError>, without: DoctorFinding) -> DoctorFinding {
    match found {
        Ok(Some(FoundKey { kind, place })) => {
            let kind = kind.map_or_else(|| "a key".to_owned(), |kind| format!("a {kind} key"));
            DoctorFinding::ok(about, format!("{kind}, from {place}"))
        }
        Ok(None) => without,
        Err(error) => DoctorFinding::wrong(about, error.to_string()),
    }
}
