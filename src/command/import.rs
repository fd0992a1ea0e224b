//! `avnology migrate clerk --import`, as the sequence of its phases.
//!
//! ```text
//! read the records from Clerk, if they come from there → inline memberships into their file → look at the inputs → prepare the run
//! (`prepare`) → preflight, as the destination is connected (`shared/target`) → is the organization there? → look up what was
//! confirmed, ids, what other files say about users (`known_before`) → first pass, missing users, consent (`clearance`) →
//! organization, steps, what the next night needs, missing users (`send`) → ids are kept → account (`account`) → results
//! ```
//!
//! Each phase takes what it needs of the ones before. Until the run is cleared, nothing is made at the target.

mod account;
mod clearance;
mod cleared_run;
mod ended_import;
mod known_before;
mod known_records_file;
mod missing;
mod prepare;
mod run_and_target;
mod send;

use account::ImportAccount;
use clearance::{BeforeSending, Clearance};
use cleared_run::ClearedRun;
use ended_import::EndedImport;
use known_before::KnownBefore;
use missing::MissingRecords;
use prepare::{PreparedRun, RunPart, prepare};
use run_and_target::RunAndTarget;
use send::send;

use super::shared::command_error::CommandError;
use super::shared::memory_log::log_bound;
use super::shared::reading::fetched_records::{fetch, forget_fetched};
use super::shared::reading::inline_memberships_file::{forget_inline_memberships, with_inline_memberships};
use super::shared::reading::look_at_inputs::{fix_object_versions, note_deleted};
use super::shared::reading::read_subject::ReadSubject;
use super::shared::results_list::ResultsList;
use super::shared::target::home_organization::organization_if_there;
use super::shared::target::id_maps::keep_learned_ids;
use super::shared::target::{ConnectPurpose, Target, connect, with_target};
use super::shared::terminal::progress::start_metrics;
use crate::delivery::OnExisting;
use crate::exit::ExitStatus;
use crate::human::plural;
use crate::results::{TableFormat, UserList};
use crate::settings::{ImportSettings, RunOnDisk};
use crate::signal::Signals;

/// The first pass asks the target nothing: by the time it answered, somebody else could have created the user.
const STRICT_AND_FAIL: &str = "Note: --strict goes by what the files show. Users who are at the target already (--on-existing fail) \
                               are found and rejected while the others are sent; `avnology migrate clerk verify` shows beforehand \
                               who is there.";

/// Runs an import to its end and reports.
pub async fn import(mut settings: ImportSettings, signals: Signals) -> Result<ExitStatus, CommandError> {
    log_bound(&settings.reading, Some(&settings.connection.pace));
    Box::pin(look_and_import(&mut settings, signals)).await
}

async fn look_and_import(settings: &mut ImportSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let _fetched_lock = fetch(settings, &mut signals).await?;
    let runs = &settings.runs_directory;
    settings.reading = with_inline_memberships(&settings.reading, runs, &mut signals).await?;
    let settings = &*settings;
    fix_object_versions(&settings.reading, &mut signals).await?;
    let import = async |target| Box::pin(import_into(target, settings, signals)).await;
    let status = Box::pin(with_target(&settings.target, import)).await;
    forget_fetched(settings);
    forget_inline_memberships(&settings.reading, &settings.runs_directory, &status);
    status
}

async fn import_into(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, CommandError> {
    let ImportSettings { connection, output, .. } = settings;
    let signals = &mut signals;
    let PreparedRun { run, mut import_run, part, records, locks } = prepare(settings, &target.name, signals).await?;
    start_metrics(output, Some(run.directory.id()));
    let destination = connect(&target, connection, ConnectPurpose::Import(&settings.reading.rules), signals).await?;
    let run_and_target = RunAndTarget { settings, target: &target, destination: &destination, run: &run };
    let (ref reading, home) = organization_if_there(&target, settings, &run, signals).await?;
    let done = import_run.ledger.counts().read;
    note_beginning(run_and_target, part, done);
    note_deleted(reading, output.console);
    let KnownBefore { confirmed, ref remembered, ids, ref joined } =
        KnownBefore::look_up(part, run_and_target, reading, &records, signals).await?;
    let (remembered, strict) = (remembered.as_ref(), settings.limits.strict);
    let subject = ReadSubject { reading, records: &records, joined, remembered, output, strict };
    let has_begun = part != RunPart::First && (done > 0 || !import_run.progress.in_doubt.is_empty());
    let clearance = Clearance::of_run(run_and_target, subject, &import_run.ledger, has_begun, signals).await?;
    let (ended, missing) = match clearance {
        Clearance::Unreadable(error) => (EndedImport::of_unreadable_input(import_run, error), None),
        Clearance::Withheld(BeforeSending { first_pass, missing }, reason) => {
            import_run.duplicates = first_pass.duplicates().cloned();
            (EndedImport::withheld((import_run, reason), subject, &first_pass, run_and_target, signals).await, missing)
        }
        Clearance::Clear(mut before) => {
            import_run.duplicates = before.first_pass.duplicates().cloned();
            let cleared = ClearedRun { import_run, confirmed, ids, home };
            (Box::pin(send(run_and_target, subject, &mut before, cleared, signals)).await?, before.missing)
        }
    };
    keep_learned_ids(&settings.runs_directory, &target.name).await;
    // Whether the run is over is said under the locks.
    let account =
        ImportAccount { run_and_target, records: &records, missing: missing.map(MissingRecords::into_report) };
    let status = with_results(account.give(ended), settings, &run, signals).await;
    drop(locks);
    status
}

/// Says where a run goes on of which an earlier part has `done` something, and what `--strict` does not see.
fn note_beginning(RunAndTarget { settings, destination, run, .. }: RunAndTarget<'_>, part: RunPart, done: u64) {
    let (id, console) = (run.directory.id(), settings.output.console);
    tracing::info!(at_once = destination.envelope().items, run = id, "the target is ready");
    if part != RunPart::First {
        console.note(&format!("Continuing run {id}: {} done already.", plural(done, "record")));
    }
    if settings.limits.strict && settings.on_existing == OnExisting::Fail {
        console.note(STRICT_AND_FAIL);
    }
}

/// Writes what became of each record, if somebody wants to have it. The journal has it already, so the run is none the worse
/// if this fails.
async fn with_results(
    ended: Result<ExitStatus, CommandError>,
    settings: &ImportSettings,
    run: &RunOnDisk,
    signals: &mut Signals,
) -> Result<ExitStatus, CommandError> {
    let Some(path) = &settings.results else { return ended };
    let list = ResultsList {
        runs_directory: settings.runs_directory.clone(),
        runs: vec![(run.clone(), settings.reading.clone())],
        users: UserList::All,
        format: TableFormat::of_name(path),
        out: Some(path.clone()),
    };
    let written = list.write(signals).await;
    let ended = ended?;
    let failed = |source| CommandError::Results { run: run.record.id.clone(), source: Box::new(source) };
    written.map_err(|error| failed(error).of_job(ended))?;
    Ok(ended)
}
