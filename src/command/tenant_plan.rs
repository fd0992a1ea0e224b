//! `avnology migrate clerk plan`: reads an export, and writes what of the tenant beside its users moves.

use std::io;
use std::path::Path;

use super::export_records::{Enough, each_record, finished};
use super::from_clerk::read_for_now;
use super::import_error::ImportError;
use super::tenant_plan_error::TenantPlanError;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::export::Manifest;
use crate::files::replace_private;
use crate::report::print_json;
use crate::settings::TenantPlanSettings;
use crate::signal::Signals;
use crate::tenant_plan::{MissingKind, PlanBuilder, PlanInstance, TenantPlan};

/// Makes a plan, and writes it.
pub async fn plan(settings: TenantPlanSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    // Before Clerk is asked for anything.
    let earlier = earlier_plan(&settings.out)?;
    let _records = read_for_now(settings.from_clerk.as_ref(), &mut signals).await?;
    let path = settings.directory.path();
    let manifest = finished(&settings.directory)?;
    let mut plan = build(&manifest, path)?;
    if let Some(earlier) = earlier {
        if earlier.instance != plan.instance {
            let problem = format!("it is the plan of another instance, {}", earlier.instance.id);
            return Err(TenantPlanError::Other { path: settings.out, problem }.into());
        }
        plan.keep_decisions_of(&earlier);
    }
    plan.assign(&settings.assignments).map_err(TenantPlanError::from)?;
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
    if settings.output.format == OutputFormat::Json {
        print_json(&plan.totals)?;
    }
    Ok(ExitStatus::Success)
}

/// The plan that is in the place of the new one, if there is one.
fn earlier_plan(path: &Path) -> Result<Option<TenantPlan>, TenantPlanError> {
    let other = |problem: String| TenantPlanError::Other { path: path.to_path_buf(), problem };
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(other(format!("cannot be read: {error}"))),
        Ok(text) => TenantPlan::read(&text).map(Some).map_err(|problem| other(format!("is no plan: {problem}"))),
    }
}

/// The plan of an export.
fn build(manifest: &Manifest, directory: &Path) -> Result<TenantPlan, TenantPlanError> {
    let (mut builder, mut missing) = (PlanBuilder::default(), Vec::new());
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
    let instance =
        PlanInstance { id: manifest.instance.id.clone(), environment_type: manifest.instance.environment_type.clone() };
    Ok(builder.finish(instance, missing))
}

/// Writes the plan and its Markdown, each as a whole or not at all.
fn write(plan: &TenantPlan, settings: &TenantPlanSettings) -> Result<(), TenantPlanError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TenantPlanError::Write { path, source }
    };
    let json = replace_private(&settings.out, |file| serde_json::to_writer_pretty(file, plan).map_err(Into::into));
    json.map_err(failed(&settings.out))?;
    let markdown = plan.markdown();
    let written =
        replace_private(&settings.markdown, |file| io::Write::write_all(file, markdown.trim_end().as_bytes()));
    written.map_err(failed(&settings.markdown))
}
