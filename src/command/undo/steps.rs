//! Undoing goes through the steps of a run, the last one first.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinError;

use super::super::shared::command_error::CommandError;
use super::deletion::{CreatedRecord, Deletion};
use super::kept_roles::KeptRoles;
use super::run_effects::kind_of;
use super::undo_error::UndoError;
use crate::destination::{Destination, PAGE};
use crate::ignore::ignore;
use crate::journal::{InDoubt, InputRecord, Journal, JournalError, RecordKey, RecordOutcome, RunDirectory, RunRecord};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::rule_files::RuleFiles;

/// Deletes what each step created, the last step first: nobody's organization goes before its members, and no member before the
/// role: who keeps a role stays a member.
pub(super) async fn delete_all(
    deletion: &mut Deletion<'_>,
    target: &Arc<dyn Destination>,
    (directory, record): (&RunDirectory, &RunRecord),
    doubts: &[InDoubt],
) -> Result<(), CommandError> {
    let kinds: BTreeSet<Kind> = record.inputs.iter().map(|input| input.kind).collect();
    let tuples = tuple_rules(directory, record, &kinds)?;
    deletion.kept_roles = KeptRoles::none(tuples.clone());
    for kind in kinds.into_iter().rev() {
        if !deletion.turn_to(kind, target, &tuples).await? {
            continue;
        }
        let is_of_kind = |key: RecordKey| kind_of(record, key) == kind;
        let doubts: Vec<InDoubt> = doubts.iter().filter(|doubt| is_of_kind(doubt.key)).cloned().collect();
        delete_kind(deletion, directory, record, &doubts).await?;
        if let Some(mark) = deletion.mark.as_ref().filter(|_| !deletion.is_dry_run) {
            deletion.target.forget_run(mark).await?;
        }
    }
    Ok(deletion.finish()?)
}

/// The rules of roles. Of a run with users alone they are not needed, and may be gone.
fn tuple_rules(
    directory: &RunDirectory,
    record: &RunRecord,
    kinds: &BTreeSet<Kind>,
) -> Result<TupleRules, CommandError> {
    Ok(match kinds.last() {
        Some(Kind::User) | None => TupleRules::default(),
        Some(_) => {
            RuleFiles::of_run(directory, record).and_then(|files| files.rules(None)).map_err(UndoError::Rules)?.tuples
        }
    })
}

/// Deletes what one step created.
async fn delete_kind(
    deletion: &mut Deletion<'_>,
    directory: &RunDirectory,
    record: &RunRecord,
    doubts: &[InDoubt],
) -> Result<(), CommandError> {
    let (pages, mut waiting) = mpsc::channel(4);
    let (path, inputs, kind) = (directory.journal(), record.inputs.clone(), deletion.kind);
    let reading = tokio::task::spawn_blocking(move || read_created(&path, &inputs, kind, &pages));
    while let Some(page) = waiting.recv().await {
        deletion.delete(&page).await?;
    }
    has_read(reading.await)?;
    deletion.look_up_doubts(doubts, &directory.journal()).await
}

/// Fails if the journal was not read to its end.
fn has_read(reading: Result<Result<(), JournalError>, JoinError>) -> Result<(), UndoError> {
    reading.map_err(|error| UndoError::Io(io::Error::other(error)))?.map_err(UndoError::Journal)
}

/// Why it does not matter that nobody takes what the run created.
const INTERRUPTED: &str = "undoing was interrupted";

/// Sends what the journal says was created, a page at a time.
fn read_created(
    path: &Path,
    inputs: &[InputRecord],
    kind: Kind,
    pages: &mpsc::Sender<Vec<CreatedRecord>>,
) -> Result<(), JournalError> {
    let mut page = Vec::with_capacity(PAGE);
    Journal::read(path, inputs.len(), |settled| {
        let is_of_kind =
            inputs.get(usize::from(settled.key.input)).map_or_else(Kind::default, |input| input.kind) == kind;
        if let RecordOutcome::Created { external_id, id } = &settled.outcome
            && is_of_kind
        {
            page.push(CreatedRecord { key: settled.key, external_id: external_id.clone(), id: id.clone() });
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
