//! The run that the settings of an import ask for, before there is one.

use crate::command::shared::reading::look_at_inputs::open_once;
use crate::command::shared::run_start_error::RunStartError;
use crate::journal::{InputRecord, OrganizationRecord, RunDirectory, RunRecord, run_of_rejects};
use crate::kind::Kind;
use crate::selection::{SelectionChoice, SelectionRecord};
use crate::settings::{ImportSettings, WhichRun};
use crate::source::{Input, SourceError};

/// The run that these settings ask for, into `target`. It has no id yet.
pub(super) fn wanted_run(settings: &ImportSettings, target: &str) -> Result<RunRecord, RunStartError> {
    record(settings, target).map_err(|error| match (error, &settings.which_run) {
        (RunStartError::Source(source), WhichRun::Named(run)) => {
            RunStartError::Gone { run: run.record.id.clone(), source }
        }
        (error, _) => error,
    })
}

fn record(settings: &ImportSettings, target: &str) -> Result<RunRecord, RunStartError> {
    let mut inputs = Vec::with_capacity(settings.reading.inputs.len());
    let mut rejects_of = None;
    for (input, kind) in settings.reading.inputs.iter().zip(&settings.reading.kinds) {
        inputs.push(checked(input, *kind)?);
        if rejects_of.is_none() {
            rejects_of = run_of_rejects(input)?;
        }
    }
    if let (Some(_), Some(run)) = (settings.missing, &rejects_of) {
        return Err(RunStartError::MissingOfRejects { run: run.clone() });
    }
    let passwords = settings.reading.passwords.as_ref().map(|input| checked(input, Kind::User)).transpose()?;
    let memberships = settings.reading.memberships.iter().map(|(kind, input)| checked(input, *kind));
    let memberships = memberships.collect::<Result<Vec<_>, _>>()?;
    if let (Some(run), None) = (&rejects_of, &passwords) {
        warn_of_passwords(settings, run);
    }
    let (mapping, traits_schema) = settings.reading.rule_files.records();
    Ok(RunRecord {
        id: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: jiff::Timestamp::now().to_string(),
        target: target.to_owned(),
        shard: settings.reading.shard.map(|shard| shard.to_string()),
        selection: selection_of(settings),
        inputs,
        passwords,
        memberships,
        missing_email: settings.reading.rules.missing_email.to_string(),
        mapping,
        traits_schema,
        on_existing: settings.on_existing.to_string(),
        organization: settings.reading.organization.as_ref().map(|name| OrganizationRecord {
            asked: name.to_string(),
            id: None,
            create: settings.create_organization,
        }),
        options: settings.recorded_options(),
        kratos: settings.kratos_record(),
        marked: true,
        journals_end: true,
        rejects_of,
    })
}

/// How the users are chosen; of a run that is named, as they were.
fn selection_of(settings: &ImportSettings) -> Option<SelectionRecord> {
    match &settings.which_run {
        WhichRun::Named(run) => run.record.selection.clone(),
        WhichRun::New | WhichRun::Open => settings.reading.selection.as_ref().map(SelectionChoice::record),
    }
}

/// Looks at an input. A wrong path is reported before there is a run, and before the target is asked for anything. A pipe is not
/// opened: it can be only once.
fn checked(input: &Input, kind: Kind) -> Result<InputRecord, RunStartError> {
    open_once(input)?;
    InputRecord::of(input, kind).map_err(|reason| SourceError::Open { input: input.name(), reason }.into())
}

/// A reject holds the user as the input had it, without the password that was joined.
fn warn_of_passwords(settings: &ImportSettings, run: &str) {
    let listed = RunDirectory::list(&settings.runs_directory).unwrap_or_default();
    let record = listed.into_iter().map(|(_, record)| record).find(|record| record.id == run);
    if let Some(InputRecord { path, .. }) = record.and_then(|record| record.passwords) {
        tracing::warn!(run, passwords = path, "the run of these rejects had --passwords: without it they have none");
    }
}
