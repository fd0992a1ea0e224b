//! `avnology migrate clerk --import`, as the sequence of its phases.
//!
//! ```text
//! read the records from Clerk, if they come from there → memberships out of users → look at the inputs → prepare the run →
//! preflight, as the destination is connected → is the organization there? → what was confirmed → ids → what other files say
//! about users → clearance: first pass, missing users, consent → send: organization, steps, what the next night needs, missing
//! users → ids are kept → account → results
//! ```
//!
//! Each phase takes what it needs of the ones before. Until the run is cleared, nothing is made at the target.

mod account;
mod clearance;
mod confirmed;
mod consent;
mod context;
mod ended_import;
mod ids_at_target;
mod missing;
mod missing_file;
mod missing_memberships;
mod prepare;
mod recognized_records;
mod run_state;
mod send;
mod steps;

use account::ImportAccount;
use clearance::{BeforeSending, Clearance};
use confirmed::ConfirmedOf;
use context::ImportContext;
use ended_import::EndedImport;
use missing::MissingRecords;
use prepare::{PreparedRun, RunPart, prepare};
use run_state::RunState;
use send::send;

use super::runs::export::write_results;
use super::shared::command_error::CommandError;
use super::shared::reading::first_pass::ReadSubject;
use super::shared::reading::from_clerk::{fetch, forget_fetched};
use super::shared::reading::inputs::{note_deleted, probe_objects};
use super::shared::reading::joined::JoinedFiles;
use super::shared::reading::memberships_of_users::{forget_memberships_of_users, with_memberships_of_users};
use super::shared::target::home_organization::organization_if_there;
use super::shared::target::id_maps::{keep_learned_ids, look_up_ids};
use super::shared::target::{Target, Use, at_target, connect};
use super::shared::terminal::memory_log::log_bound;
use super::shared::terminal::progress::start_metrics;
use crate::delivery::OnExisting;
use crate::exit::ExitStatus;
use crate::human::plural;
use crate::journal::FirstPassRecord;
use crate::pipeline::{ConfirmedBefore, Mode};
use crate::settings::{ImportSettings, OutputSettings, RunOnDisk};
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
    let _lock = fetch(settings, &mut signals).await?;
    let runs = &settings.runs_directory;
    settings.reading = with_memberships_of_users(&settings.reading, runs, &mut signals).await?;
    let settings = &*settings;
    probe_objects(&settings.reading, &mut signals).await?;
    let import = async |target| Box::pin(import_into(target, settings, signals)).await;
    let status = Box::pin(at_target(&settings.target, import)).await;
    forget_fetched(settings);
    forget_memberships_of_users(&settings.reading, &settings.runs_directory, &status);
    status
}

async fn import_into(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, CommandError> {
    let ImportSettings { connection, output, limits, .. } = settings;
    let signals = &mut signals;
    let PreparedRun { run, mut import_run, part, records, locks } = prepare(settings, &target.name, signals).await?;
    start_metrics(output, Some(run.directory.id()));
    let destination = connect(&target, connection, Use::Import(&settings.reading.rules), signals).await?;
    let (ref reading, home) = organization_if_there(&target, settings, &run, signals).await?;
    tracing::info!(at_once = destination.envelope().items, run = run.directory.id(), "the target is ready");
    let done = import_run.ledger.counts().read;
    note_continued(&run, (part, done), output);
    note_strict(settings);
    note_deleted(reading, output.console);
    let context = ImportContext { settings, target: &target, destination: &destination, run: &run };
    let mut confirmed = confirmed_before(context, part, signals).await?;
    let remembered = confirmed.as_mut().map(|confirmed| recognized_records::remembered(confirmed, &records, reading));
    // After `confirmed_before`, which forgets the ids if the target is another one now.
    let ids = look_up_ids(&settings.runs_directory, &target.name, &run.record.id).await?;
    let joined =
        JoinedFiles::read(reading, FirstPassRecord::kind_beside_inputs(&run.directory), output, signals).await?;
    let remembered = remembered.as_ref();
    let subject =
        ReadSubject { reading, records: &records, joined: &joined, remembered, output, strict: limits.strict };
    let has_begun = part != RunPart::First && (done > 0 || !import_run.progress.in_doubt.is_empty());
    let clearance = Clearance::of_run(context, subject, &import_run.ledger, has_begun, signals).await?;
    let (ended, missing) = match clearance {
        Clearance::Unreadable(error) => (EndedImport::unreadable(import_run, error), None),
        Clearance::Refused(BeforeSending { first, missing }, reason) => {
            import_run.duplicates = first.duplicates().cloned();
            let mode = Mode::NotBegun(Box::new(import_run), reason);
            (EndedImport::not_begun(mode, subject, &first, context, signals).await, missing)
        }
        Clearance::Clear(mut before) => {
            import_run.duplicates = before.first.duplicates().cloned();
            let state = RunState { import_run, confirmed, ids, home };
            (Box::pin(send(context, subject, &mut before, state, signals)).await?, before.missing)
        }
    };
    keep_learned_ids(&settings.runs_directory, &target.name).await;
    // Whether the run is over is said under the locks.
    let account = ImportAccount { context, records: &records, missing: missing.map(MissingRecords::into_report) };
    let status = with_results(account.give(ended), settings, &run).await;
    drop(locks);
    status
}

/// Says where a run goes on of which an earlier part did something.
fn note_continued(run: &RunOnDisk, (part, done): (RunPart, u64), output: &OutputSettings) {
    if part != RunPart::First {
        output.console.note(&format!(
            "Continuing run {}: {} done already.",
            run.directory.id(),
            plural(done, "record")
        ));
    }
}

/// Says what `--strict` does not see.
fn note_strict(settings: &ImportSettings) {
    if settings.limits.strict && settings.on_existing == OnExisting::Fail {
        settings.output.console.note(STRICT_AND_FAIL);
    }
}

/// Writes what became of each record, if somebody wants to have it. The journal has it already, so the run is none the worse
/// if this fails.
async fn with_results(
    status: Result<ExitStatus, CommandError>,
    settings: &ImportSettings,
    run: &RunOnDisk,
) -> Result<ExitStatus, CommandError> {
    let Some(path) = &settings.results else { return status };
    let written = write_results(path, &settings.runs_directory, run, &settings.reading).await;
    status.and_then(|status| {
        let failed = |source| CommandError::Results { run: run.record.id.clone(), source: Box::new(source) };
        written.map_err(failed).map(|()| status)
    })
}

/// What the target confirmed in earlier runs, if it still agrees; and where users are looked up in it.
async fn confirmed_before(
    ImportContext { settings, target, destination, run }: ImportContext<'_>,
    part: RunPart,
    signals: &mut Signals,
) -> Result<Option<ConfirmedBefore>, CommandError> {
    let of = ConfirmedOf {
        runs_directory: &settings.runs_directory,
        target: &target.name,
        run: run.directory.id(),
        is_shard: settings.reading.shard.is_some(),
        on_existing: settings.on_existing,
        recheck: settings.recheck,
        knows_all: part != RunPart::Later { knows_all: false },
    };
    tokio::select! {
        loaded = of.load(destination.as_ref()) => Ok(loaded?),
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
    }
}
