//! Undoing goes through the steps of a run, the last one first.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

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
    // Of a run with users alone the rules are not needed, and may be gone.
    let tuples = match kinds.last() {
        Some(Kind::User) | None => TupleRules::default(),
        Some(_) => {
            RuleFiles::of_run(directory, record).and_then(|files| files.rules(None)).map_err(UndoError::Rules)?.tuples
        }
    };
    deletion.kept_roles = KeptRoles::none(tuples.clone());
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
        if let Some(mark) = deletion.mark.as_ref().filter(|_| !deletion.is_dry_run) {
            deletion.target.forget_run(mark).await?;
        }
    }
    Ok(deletion.finish()?)
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
