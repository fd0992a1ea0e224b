//! `avnology migrate clerk undo`: deletes exactly what one run created, and takes back what it did about missing users: memberships
//! that it removed are put back, and users whom it disabled are enabled. What it updated stays.
//!
//! What the run created is in its journal, and where an answer was lost, in the mark that the identities carry. Neither the
//! export nor the target's memory of requests is needed. Which ones are deleted is decided in [`deletion`]. Undoing
//! again goes on where it broke off, for what is deleted already is not found again.

mod account;
mod account_by_kind;
mod account_of_dry_run;
mod account_of_restoring;
mod consent;
mod decided_records;
mod deletion;
mod doomed_contents;
mod doubts_file;
mod enabling_users;
mod kept_roles;
mod made_organization;
mod restoring_memberships;
mod run_effects;
mod steps;
pub(super) mod undo_error;
mod undo_reports;

use std::cell::Cell;
use std::io;
use std::sync::Arc;

use account::{print, undone};
use account_of_restoring::UndoRestoring;
use consent::seek_consent;
use decided_records::DecidedRecords;
use deletion::Deletion;
use doomed_contents::DoomedContents;
use doubts_file::DoubtsFile;
use enabling_users::enable_disabled;
use kept_roles::KeptRoles;
use made_organization::{MadeOrganization, delete_made};
use restoring_memberships::{PutBack, put_back};
use run_effects::{RunEffects, read_effects};
use steps::delete_all;

use super::shared::command_error::CommandError;
use super::shared::target::id_maps::forget_ids;
use super::shared::target::{ConnectPurpose, Target, connect, with_target};
use super::shared::terminal::progress::{display, start_metrics, while_working};
use crate::destination::{Destination, RunMark};
use crate::exit::ExitStatus;
use crate::journal::{ConfirmedUsers, Lock, MergedRecord};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::report::{Console, DeletedKinds, UndoingProgress};
use crate::settings::{RunOnDisk, UndoSettings};
use crate::signal::Signals;
use undo_error::{NothingThere, UndoError};
use undo_reports::UndoReports;

/// Deletes what a run created, or what the runs of all shards of an import did, one after the other; after asking for each.
pub async fn undo(runs: Vec<UndoSettings>, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let mut status = ExitStatus::Success;
    let mut reports = UndoReports::of(runs.len());
    let (mut is_target, mut elsewhere) = (false, Vec::new());
    for mut settings in runs {
        settings.even_if_gone |= is_target;
        match undo_one(&settings, &mut reports, &mut signals).await {
            // If another shard's are there, it is the right target, and these are gone.
            Err(CommandError::Undo(UndoError::NothingThere(nothing))) => elsewhere.push((settings, nothing)),
            undone => {
                status = worse(status, undone?);
                is_target = true;
            }
        }
    }
    for (settings, nothing) in elsewhere {
        if !is_target {
            return Err(UndoError::NothingThere(nothing).into());
        }
        let settings = UndoSettings { even_if_gone: true, has_consent: true, ..settings };
        status = worse(status, undo_one(&settings, &mut reports, &mut signals).await?);
    }
    Ok(status)
}

/// The first of two statuses that is none of success.
fn worse(one: ExitStatus, other: ExitStatus) -> ExitStatus {
    if one == ExitStatus::Success { other } else { one }
}

async fn undo_one(
    settings: &UndoSettings,
    reports: &mut UndoReports,
    signals: &mut Signals,
) -> Result<ExitStatus, CommandError> {
    with_target(&settings.target, async |target| undo_at(target, settings, reports, signals).await).await
}

async fn undo_at(
    target: Target,
    settings: &UndoSettings,
    reports: &mut UndoReports,
    signals: &mut Signals,
) -> Result<ExitStatus, CommandError> {
    let UndoSettings { run: RunOnDisk { directory, record }, connection, output, .. } = settings;
    let _locks = [
        Lock::take_target(&settings.locks, &record.target, "undo").map_err(UndoError::Lock)?,
        Lock::take(&directory.lock(), "undo").map_err(UndoError::Lock)?,
    ];
    start_metrics(output, Some(&record.id));
    let effects = read_effects(directory, record)?;
    if !settings.dry_run && !settings.has_consent && !seek_consent(&settings.run, &effects, signals).await? {
        return Err(UndoError::NoConsent.into());
    }
    let destination = connect(&target, connection, ConnectPurpose::Existing, signals).await?;
    // What is gone is known only once an undo was begun here.
    let may_be_elsewhere = !settings.dry_run && !settings.even_if_gone && !directory.is_undone();
    if may_be_elsewhere && !is_there(&destination, settings, &effects, signals).await? {
        let (count, noun) = (effects.created.all().created, effects.created.noun());
        let nothing = NothingThere::new(&record.target, count, noun, "that the run created");
        return Err(UndoError::NothingThere(nothing).into());
    }
    let before = directory.undone_record();
    // What somebody disabled since is theirs.
    let is_first_time = !directory.is_restored();
    if !settings.dry_run {
        forget_who_is_there(settings).await.map_err(UndoError::Io)?;
    }
    let Undone { ended, counts, restoring } =
        delete_created(&destination, settings, &effects, is_first_time, signals).await;
    restoring.note(settings.dry_run, output);
    let all = counts.all();
    let status = if all.kept() > 0 { ExitStatus::Rejected } else { ExitStatus::Success };
    if settings.dry_run {
        ended?;
        account_of_dry_run::print(record, &counts, &restoring, settings.force, (output, reports))?;
        if effects.has_to_be_seen() && !all.are_any_there() && !directory.is_undone() {
            output
                .console
                .note("None of them is at the target: it may be another tenant, by its address or by the key.");
        }
        return Ok(status);
    }
    let is_whole = ended.is_ok() && all.in_doubt == 0;
    let marked = directory.mark_undone(is_whole, Some(undone(&all, before))).map_err(UndoError::Io);
    let organization = match &ended {
        Ok(()) => delete_made(&target, connection, record, signals).await,
        Err(_) => Ok(MadeOrganization::None),
    };
    let given = print(record, directory, &counts, &restoring, (output, reports));
    note_accounts(settings);
    ended?;
    note_organization(organization?, output.console);
    marked?;
    given?;
    Ok(status)
}

/// What an undo came to, to its end or not.
struct Undone {
    ended: Result<(), CommandError>,
    counts: DeletedKinds,
    restoring: UndoRestoring,
}

/// Takes back what the run changed, if that was not done before, and deletes what it created; in a dry run only looks for it.
async fn delete_created(
    destination: &Arc<dyn Destination>,
    settings: &UndoSettings,
    effects: &RunEffects,
    is_first_time: bool,
    signals: &mut Signals,
) -> Undone {
    let UndoSettings { run: RunOnDisk { directory, record }, output, .. } = settings;
    let (enabled, restored) = (Cell::new(0), Cell::new(PutBack::default()));
    let counts = Cell::new(effects.created);
    let created = effects.created.all().created;
    let mut deletion = deletion(destination, settings, effects, &counts);
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(UndoError::Interrupted { signal, run: record.id.clone() }.into()),
        ended = async {
            // Before it is written that the run is undone as a whole, and even if the rest fails.
            let runs = settings.runs_directory.clone();
            if is_first_time {
                enabled.set(enable_disabled(runs, settings, destination).await?);
                restored.set(put_back(settings, destination).await?);
                if !settings.dry_run {
                    directory.mark_restored().map_err(UndoError::Io)?;
                }
            }
            delete_all(&mut deletion, destination, (directory, record), &effects.doubts).await
        } => ended,
        never = while_working(display(output.progress, Some(created)), || UndoingProgress::new(counts.get(), settings.dry_run)) => match never {},
    };
    let restoring = UndoRestoring { updated: effects.updated, enabled: enabled.get(), restored: restored.get() };
    Undone { ended, counts: counts.get(), restoring }
}

/// Deletes what the run created, or in a dry run only counts it.
fn deletion<'a>(
    destination: &Arc<dyn Destination>,
    settings: &'a UndoSettings,
    effects: &RunEffects,
    counts: &'a Cell<DeletedKinds>,
) -> Deletion<'a> {
    let UndoSettings { run: RunOnDisk { directory, record }, connection, .. } = settings;
    Deletion {
        target: Arc::clone(destination),
        kind: Kind::User,
        mark: record.marked.then(|| RunMark::of(&record.id)),
        is_dry_run: settings.dry_run,
        force: settings.force,
        concurrency: connection.pace.concurrency.start.max(1),
        doubts: DoubtsFile::new(directory.in_doubt(), &record.inputs),
        decided: (!effects.has_end).then(DecidedRecords::none),
        amendment: None,
        counts,
        doomed_contents: DoomedContents::none(),
        kept_roles: KeptRoles::none(TupleRules::default()),
    }
}

/// Whether any of what the run created is at the target, as far as some of it shows.
async fn is_there(
    destination: &Arc<dyn Destination>,
    settings: &UndoSettings,
    effects: &RunEffects,
    signals: &mut Signals,
) -> Result<bool, CommandError> {
    let counts = Cell::new(DeletedKinds::default());
    let mut looking = Deletion { is_dry_run: true, ..deletion(destination, settings, effects, &counts) };
    tokio::select! {
        biased;
        signal = signals.next() => Err(UndoError::Interrupted { signal, run: settings.run.record.id.clone() }.into()),
        found = effects.are_there(&mut looking, destination) => found,
    }
}

/// Before anything is deleted: nobody must be taken to be there any more.
async fn forget_who_is_there(settings: &UndoSettings) -> io::Result<()> {
    let UndoSettings { run: RunOnDisk { directory, record }, runs_directory, .. } = settings;
    forget_ids(runs_directory, &record.target).await?;
    ConfirmedUsers::forget(runs_directory, &record.target)?;
    // Should the undo be killed, nobody knows how far it came.
    directory.mark_undone(false, None)
}

/// Says which accounts of several runs still count what this one created.
fn note_accounts(UndoSettings { run, runs_directory, output, .. }: &UndoSettings) {
    for path in MergedRecord::of_run(runs_directory, &run.record.id) {
        let path = path.display();
        output.console.note(&format!("The account in {path} was made before: it still counts what this run created."));
    }
}

/// Says what became of the organization that the run made.
fn note_organization(organization: MadeOrganization, console: Console) {
    match organization {
        MadeOrganization::None => {}
        MadeOrganization::Deleted => console.note("The organization that the run made is deleted, too."),
        MadeOrganization::Kept => {
            console.note("The organization that the run made is kept: somebody still belongs to it.");
        }
    }
}
