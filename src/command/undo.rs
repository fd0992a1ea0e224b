//! `avnology migrate clerk undo`: deletes exactly what one run created.
//!
//! What the run created is in its journal, and where an answer was lost, in the mark that the identities carry. Neither the
//! export nor the target's memory of requests is needed. Which ones are deleted is decided in [`deletion`]. Undoing
//! again goes on where it broke off, for what is deleted already is not found again.

mod changes;
mod decided_records;
mod deletion;
mod doomed_contents;
mod doubts_file;
mod enabling;
mod kinds;
mod marked;
mod preview;
mod restoring;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::mpsc;

use changes::{Changes, ChangesReport};
use decided_records::DecidedRecords;
use deletion::{Created, Deletion};
use doomed_contents::DoomedContents;
use doubts_file::DoubtsFile;
use enabling::enable_disabled;
use kinds::write_kinds;
use restoring::{PutBack, put_back};

use super::ask::{ask, is_somebody_there};
use super::home_organization::{MadeOrganization, delete_made};
use super::id_maps::forget_ids;
use super::import_error::ImportError;
use super::progress::{display, start_metrics, while_working};
use super::target::{Target, Use, at_target, connect};
use super::undo_error::UndoError;
use crate::cli::OutputFormat;
use crate::destination::{Destination, PAGE, RunMark};
use crate::exit::ExitStatus;
use crate::human::{count, plural, plural_past};
use crate::ignore::ignore;
use crate::journal::{
    ConfirmedUsers, Ending, InDoubt, InputRecord, Journal, JournalError, Lock, MergedRecord, RecordKey, RecordOutcome,
    RunDirectory, RunRecord, UndoneRecord,
};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::report::{Deleted, DeletedKinds, StdoutError, Undoing, print_json};
use crate::rule_files::RuleFiles;
use crate::settings::{OutputSettings, RecordedRun, UndoSettings};
use crate::signal::Signals;

/// Deletes what a run created, or what the runs of all shards of an import did, one after the other; after asking for each.
pub async fn undo(runs: Vec<UndoSettings>, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    let mut status = ExitStatus::Success;
    for settings in &runs {
        let signals = &mut signals;
        let undone = at_target(&settings.target, async |target| undo_at(target, settings, signals).await).await?;
        status = if undone == ExitStatus::Success { status } else { undone };
    }
    Ok(status)
}

#[expect(clippy::too_many_lines, reason = "its phases, one behind the other")]
async fn undo_at(target: Target, settings: &UndoSettings, signals: &mut Signals) -> Result<ExitStatus, ImportError> {
    let UndoSettings { run: RecordedRun { directory, record }, connection, output, .. } = settings;
    let _locks = [
        Lock::take_target(&settings.locks, &record.target, "undo").map_err(UndoError::Lock)?,
        Lock::take(&directory.lock(), "undo").map_err(UndoError::Lock)?,
    ];
    start_metrics(output, Some(&record.id));
    let said = look_at_journal(directory, record)?;
    if !settings.dry_run && !settings.is_confirmed && !confirm(record, &said, signals).await? {
        return Err(UndoError::NotConfirmed.into());
    }
    let destination = connect(&target, connection, Use::Existing, signals).await?;
    let before = directory.undone_record();
    // What somebody disabled since it was undone is theirs.
    let is_first_time = !directory.is_undone_as_a_whole();
    if !settings.dry_run {
        // Before anything is deleted: nobody must be taken to be there any more.
        forget_ids(&settings.runs_directory, &record.target).await.map_err(UndoError::Io)?;
        ConfirmedUsers::forget(&settings.runs_directory, &record.target).map_err(UndoError::Io)?;
        // Should it be killed, nobody knows how far it came.
        directory.mark_undone(false, None).map_err(UndoError::Io)?;
    }
    let (enabled, restored) = (Cell::new(0), Cell::new(PutBack::default()));
    let counts = Cell::new(said.created);
    let created = said.created.all().created;
    let mut deletion = Deletion {
        target: Arc::clone(&destination),
        kind: Kind::User,
        mark: record.marked.then(|| RunMark::of(&record.id)),
        preview: settings.dry_run,
        force: settings.force,
        concurrency: connection.pace.concurrency.start.max(1),
        doubts: DoubtsFile::new(directory.in_doubt(), &record.inputs),
        decided: (!said.has_end).then(DecidedRecords::none),
        amendment: None,
        counts: &counts,
        doomed: DoomedContents::none(),
    };
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(UndoError::Interrupted { signal, run: record.id.clone() }.into()),
        ended = async {
            // Before it is written that the run is undone as a whole, and whatever becomes of the rest.
            let runs = settings.runs_directory.clone();
            if is_first_time {
                enabled.set(enable_disabled(runs, &settings.run, &destination, settings.dry_run).await?);
                restored.set(put_back(&settings.run, &destination, settings.dry_run).await?);
            }
            delete_all(&mut deletion, &destination, (directory, record), &said.doubts).await
        } => ended,
        never = while_working(display(output.progress, Some(created)), || Undoing::from(counts.get())) => match never {},
    };
    let counts = counts.get();
    let changes = Changes { updated: said.updated, enabled: enabled.get(), restored: restored.get() };
    changes.note(settings.dry_run, output);
    let all = counts.all();
    let status = if all.kept() > 0 { ExitStatus::Rejected } else { ExitStatus::Success };
    if settings.dry_run {
        ended?;
        preview::print(record, &counts, &changes, (settings.force, output))?;
        return Ok(status);
    }
    let is_whole = ended.is_ok() && all.in_doubt == 0;
    let marked = directory.mark_undone(is_whole, Some(undone(&all, before))).map_err(UndoError::Io);
    let organization = match &ended {
        Ok(()) => delete_made(&target, connection, record, signals).await,
        Err(_) => Ok(MadeOrganization::None),
    };
    let printed = print(record, directory, &counts, &changes, output);
    for path in MergedRecord::of_run(&settings.runs_directory, &record.id) {
        let path = path.display();
        output.console.note(&format!("The account in {path} was made before: it still counts what this run created."));
    }
    ended?;
    match organization? {
        MadeOrganization::None => {}
        MadeOrganization::Deleted => output.console.note("The organization that the run made is deleted, too."),
        MadeOrganization::Kept => {
            output.console.note("The organization that the run made is kept: somebody still belongs to it.");
        }
    }
    marked?;
    printed?;
    Ok(status)
}

/// What came of undoing a run until now. Broken off earlier than the last time, it has deleted no less.
fn undone(counts: &Deleted, before: Option<UndoneRecord>) -> UndoneRecord {
    let Deleted { deleted, gone_already, kept_changed, kept_not_ours, failed, .. } = counts;
    let deleted_before = before.map_or(0, |before| before.deleted);
    UndoneRecord { deleted: (deleted + gone_already).max(deleted_before), kept: kept_changed + kept_not_ours + failed }
}

/// What a journal says of what its run did.
struct WhatItSays {
    /// What the run created.
    created: DeletedKinds,
    /// What it changed.
    updated: u64,
    /// Records of which it is not known whether the run created what they stand for.
    doubts: Vec<InDoubt>,
    /// Nothing of its end is missing.
    has_end: bool,
}

fn look_at_journal(directory: &RunDirectory, record: &RunRecord) -> Result<WhatItSays, UndoError> {
    let (mut created, mut updated) = (DeletedKinds::default(), 0);
    let account = Journal::read_whole(&directory.journal(), &directory.rejects(), record.inputs.len(), |settled| {
        if matches!(settled.outcome, RecordOutcome::Created { .. }) {
            created.of(kind_of(record, settled.key)).created += 1;
        }
        updated += u64::from(settled.outcome == RecordOutcome::Updated);
    })?;
    let doubts = if let Ending::InDoubt(doubts) = account.ending { doubts } else { Vec::new() };
    Ok(WhatItSays { created, updated, doubts, has_end: account.has_end })
}

/// Shows what is at stake and asks, if there is somebody to ask.
async fn confirm(record: &RunRecord, said: &WhatItSays, signals: &mut Signals) -> Result<bool, ImportError> {
    if !is_somebody_there() {
        return Ok(false);
    }
    let RunRecord { id, started, target, .. } = record;
    let WhatItSays { created, doubts, has_end, .. } = said;
    let perhaps = if !has_end {
        "\nIts journal has no end, so there may be more: what else carries the mark of the run is deleted, too."
            .to_owned()
    } else if doubts.is_empty() {
        String::new()
    } else {
        let in_doubt = doubts.len();
        format!(
            "\nThe answers for {in_doubt} more were lost: of these, what carries the mark of the run is deleted, too."
        )
    };
    let all = plural(created.all().created, created.noun());
    let created = if created.is_of_tenant() { format!("{all} ({})", by_kind(created, |of| of.created)) } else { all };
    let question = format!("Run {id} of {started} created {created} at {target}.{perhaps}\nDelete them?");
    ask(&question, signals).await
}

/// Deletes what each step created, the last step first: nobody's organization goes before its members, and no member before the
/// role.
async fn delete_all(
    deletion: &mut Deletion<'_>,
    target: &Arc<dyn Destination>,
    (directory, record): (&RunDirectory, &RunRecord),
    doubts: &[InDoubt],
) -> Result<(), ImportError> {
    let kinds: BTreeSet<Kind> = record.inputs.iter().map(|input| input.kind).collect();
    // Of a run with users alone the rules are not needed, and may be gone.
    let tuples = match kinds.last() {
        Some(Kind::User) | None => TupleRules::default(),
        Some(_) => {
            RuleFiles::of_run(directory, record).and_then(|files| files.rules(None)).map_err(UndoError::Rules)?.tuples
        }
    };
    for kind in kinds.into_iter().rev() {
        if kind == Kind::User {
            deletion.target = Arc::clone(target);
        } else if let Some(part) = target.of_kind(kind, &tuples).await? {
            deletion.target = part;
        } else {
            continue;
        }
        deletion.kind = kind;
        let is_of_kind = |key: RecordKey| kind_of(record, key) == kind;
        let doubts: Vec<InDoubt> = doubts.iter().filter(|doubt| is_of_kind(doubt.key)).cloned().collect();
        delete_kind(deletion, directory, record, &doubts).await?;
        if let Some(mark) = deletion.mark.as_ref().filter(|_| !deletion.preview) {
            deletion.target.forget_run(mark).await?;
        }
    }
    Ok(deletion.finish()?)
}

/// Of which kind a record of a run is.
fn kind_of(record: &RunRecord, key: RecordKey) -> Kind {
    record.inputs.get(usize::from(key.input)).map_or_else(Kind::default, |input| input.kind)
}

/// Deletes what one step created.
async fn delete_kind(
    deletion: &mut Deletion<'_>,
    directory: &RunDirectory,
    record: &RunRecord,
    doubts: &[InDoubt],
) -> Result<(), ImportError> {
    let (pages, mut waiting) = mpsc::channel(4);
    let (path, inputs, kind) = (directory.journal(), record.inputs.clone(), deletion.kind);
    let reading = tokio::task::spawn_blocking(move || read_created(&path, &inputs, kind, &pages));
    while let Some(page) = waiting.recv().await {
        deletion.delete(&page).await?;
    }
    match reading.await {
        Ok(read) => read.map_err(UndoError::Journal)?,
        Err(error) => return Err(UndoError::Io(io::Error::other(error)).into()),
    }
    deletion.look_up_doubts(doubts, &directory.journal()).await
}

/// Why it does not matter that nobody takes what the run created.
const INTERRUPTED: &str = "undoing was interrupted";

/// Sends what the journal says was created, a page at a time.
fn read_created(
    path: &Path,
    inputs: &[InputRecord],
    kind: Kind,
    pages: &mpsc::Sender<Vec<Created>>,
) -> Result<(), JournalError> {
    let mut page = Vec::with_capacity(PAGE);
    Journal::read(path, inputs.len(), |settled| {
        let is_of_kind =
            inputs.get(usize::from(settled.key.input)).map_or_else(Kind::default, |input| input.kind) == kind;
        if let RecordOutcome::Created { external_id, id } = &settled.outcome
            && is_of_kind
        {
            page.push(Created { key: settled.key, external_id: external_id.clone(), id: id.clone() });
            if page.len() == PAGE {
                ignore(pages.blocking_send(std::mem::take(&mut page)), INTERRUPTED);
            }
        }
    })?;
    if !page.is_empty() {
        ignore(pages.blocking_send(page), INTERRUPTED);
    }
    Ok(())
}

fn print(
    record: &RunRecord,
    directory: &RunDirectory,
    counts: &DeletedKinds,
    changes: &Changes,
    output: &OutputSettings,
) -> Result<(), StdoutError> {
    #[derive(Serialize)]
    struct UndoReport<'a> {
        run: &'a str,
        target: &'a str,
        counts: &'a Deleted,
        /// Of a tenant, the same of each kind.
        #[serde(skip_serializing_if = "Option::is_none")]
        kinds: Option<&'a DeletedKinds>,
        #[serde(flatten)]
        changes: ChangesReport,
        #[serde(skip_serializing_if = "Option::is_none")]
        in_doubt_file: Option<String>,
    }
    let all = counts.all();
    let in_doubt_file = (all.in_doubt > 0).then(|| directory.in_doubt().display().to_string());
    let kinds = counts.is_of_tenant().then_some(counts);
    let (run, target, changes) = (&record.id, &record.target, changes.report());
    let report = UndoReport { run, target, counts: &all, kinds, changes, in_doubt_file };
    let printed = if output.format == OutputFormat::Json { print_json(&report) } else { Ok(()) };
    let kept = all.kept();
    let exceptions = (kept > 0).then(|| format!("{} of {} kept", count(kept), plural_past(all.created, counts.noun())));
    let updated = report.changes.updated;
    output.console.account(|out| summary(out, record, counts, updated), &report, exceptions.as_deref());
    if let Some(path) = &report.in_doubt_file {
        output.console.error(&in_doubt(all.in_doubt, path, &record.id));
    }
    printed
}

fn summary(out: &mut String, record: &RunRecord, counts: &DeletedKinds, updated: u64) -> fmt::Result {
    let Deleted { created, deleted, signed_in, gone_already, kept_changed, kept_not_ours, failed, in_doubt, .. } =
        counts.all();
    if created > 0 || in_doubt > 0 {
        writeln!(out, "Run {} had created {}:\n", record.id, plural(created, counts.noun()))?;
    } else {
        let stop = if updated > 0 { ":\n" } else { "." };
        writeln!(out, "Run {} had created no identities{stop}", record.id)?;
    }
    for (number, what) in [
        (deleted, "deleted"),
        (signed_in, "  of these had signed in since"),
        (gone_already, "were gone already"),
        (kept_changed, "kept: changed since (--force deletes them too)"),
        (kept_not_ours, "kept: not the run's own any more"),
        (failed, "kept: the target did not delete them"),
        (in_doubt, "in doubt: perhaps created by the run, and kept"),
        (updated, "updated by the run: undo takes no update back"),
    ] {
        if number > 0 {
            writeln!(out, "  {:>14} {what}", count(number))?;
        }
    }
    write_kinds(out, counts, "deleted", "kept")
}

/// How many there are of each kind, for a sentence.
fn by_kind(counts: &DeletedKinds, number: impl Fn(&Deleted) -> u64) -> String {
    let kinds = counts.kinds().map(|(kind, of_kind)| plural(number(of_kind), kind.at_target()));
    kinds.collect::<Vec<_>>().join(", ")
}

/// How to settle what nothing at the target proves.
fn in_doubt(count: u64, path: &str, run: &str) -> String {
    format!(
        "nobody can tell whether run {run} created {count} users whose answers were lost: they carry no mark of a run, so they \
         are kept. They are named in {path}: look them up at the target by their external ids (of a run of an older version: \
         find the records in its export) and delete the ones that ought not to be there; then `avnology migrate clerk undo \
         {run}` finds nothing in doubt any more"
    )
}
