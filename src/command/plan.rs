//! `avnology migrate clerk plan`: reads an export, and writes what of the tenant beside its users moves.

use std::fs::File;
use std::io;
use std::path::Path;

use super::shared::command_error::CommandError;
use super::shared::reading::fetched_records::read_for_now;
use super::shared::reading::records_of_export::{Enough, each_record, finished};
use super::shared::tenant_plan_error::TenantPlanError;
use super::shared::terminal::output::write_named_report;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::export::Manifest;
use crate::files::replace_private;
use crate::report::print_json;
use crate::settings::TenantPlanSettings;
use crate::signal::Signals;
use crate::tenant_plan::{Decisions, MissingKind, PlanBuilder, PlanInstance, TenantPlan};

/// Makes a plan, and writes it.
pub async fn plan(settings: TenantPlanSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    // Before Clerk is asked for anything.
    let earlier = earlier_plan(&settings.out)?;
    let _records = read_for_now(settings.from_clerk.as_ref(), &mut signals).await?;
    let path = settings.directory.path();
    let manifest = finished(&settings.directory)?;
    let instance =
        PlanInstance { id: manifest.instance.id.clone(), environment_type: manifest.instance.environment_type.clone() };
    if let Some(earlier) = earlier.as_ref().filter(|earlier| *earlier.instance() != instance) {
        let problem = format!("it is the plan of another instance, {}", earlier.instance().id);
        return Err(TenantPlanError::Other { path: settings.out, problem }.into());
    }
    let (builder, missing) = build(&manifest, path)?;
    let plan = builder.finish((instance, missing), earlier.as_ref(), &settings.assignments);
    let plan = plan.map_err(TenantPlanError::from)?;
    write(&plan, &settings)?;
    let console = settings.output.console;
    let count = plan.totals.all;
    console.note(&format!(
        "Plan of {}: {} things; {} moved, {} to check, {} to do, {} cannot move.\nFiles: {} and {}",
        plan.instance.id,
        count.all,
        count.moved,
        count.check,
        count.to_do,
        count.cannot_move,
        settings.out.display(),
        settings.markdown.display()
    ));
    write_named_report(&settings.output, &plan.totals)?;
    if settings.output.format == OutputFormat::Json {
        print_json(&plan.totals)?;
    }
    Ok(ExitStatus::Success)
}

/// What was decided in the plan that is in the place of the new one, if there is one.
fn earlier_plan(path: &Path) -> Result<Option<Decisions>, TenantPlanError> {
    let other = |problem: String| TenantPlanError::Other { path: path.to_path_buf(), problem };
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(other(format!("cannot be read: {error}"))),
        Ok(file) => {
            Decisions::read(file, &std::env::temp_dir()).map(Some).map_err(|problem| other(problem.to_string()))
        }
    }
}

/// The things of an export, and what could not be looked at.
fn build(manifest: &Manifest, directory: &Path) -> Result<(PlanBuilder, Vec<MissingKind>), TenantPlanError> {
    let (mut builder, mut missing) = (PlanBuilder::new(&std::env::temp_dir()), Vec::new());
    for kind in PlanBuilder::KINDS {
        let Some(file) = manifest.files.iter().find(|file| file.kind == kind) else {
            let refused = manifest.missing.iter().find(|missing| missing.kind == kind);
            let reason = refused.map_or_else(
                || "the export was made without it".to_owned(),
                |missing| format!("this instance has none: {}", missing.reason),
            );
            missing.push(MissingKind { kind: kind.name().to_owned(), reason });
            continue;
        };
        each_record(directory, file, |record| builder.add(kind, record).map(|()| Enough::No))?;
    }
    Ok((builder, missing))
}

/// Writes the plan and its Markdown, each as a whole or not at all.
fn write(plan: &TenantPlan, settings: &TenantPlanSettings) -> Result<(), TenantPlanError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TenantPlanError::Write { path, source }
    };
    let json = replace_private(&settings.out, |file| plan.write_json(file));
    json.map_err(failed(&settings.out))?;
    let markdown = replace_private(&settings.markdown, |file| plan.write_markdown(file));
    markdown.map_err(failed(&settings.markdown))
}
