//! Deletes the client of one application, if it is ours and nobody changed it.

use super::{ClientRegistry, UndoStep, decide_undo, find_ours};
use crate::made_once::{MadeObject, MadeObjects, MadeState};

use super::apply::ApplyError;

/// What undoing needs.
pub struct Undoing<'a, R> {
    /// The target.
    pub registry: &'a R,
    /// What is made there.
    pub objects: &'a MadeObjects,
    /// Whether what somebody changed is deleted, too. What somebody else made never is.
    pub force: bool,
    /// Whether nothing is deleted.
    pub dry_run: bool,
}

/// What became of what is remembered of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Its client is deleted.
    Deleted,
    /// Its client was gone.
    Gone,
    /// Its client is kept: somebody else made it.
    KeptForeign,
    /// Its client is kept: somebody changed it since.
    KeptChanged,
}

/// Deletes the client of an application. Returns what became of it, and its id at the target.
pub async fn undo_one<R: ClientRegistry>(
    undoing: &Undoing<'_, R>,
    object: &MadeObject,
) -> Result<(Undone, Option<String>), ApplyError> {
    let Undoing { registry, objects, force, dry_run } = undoing;
    let mut found = match &object.target_id {
        Some(id) => registry.read(id).await?,
        None => None,
    };
    let is_ours = found.as_ref().is_some_and(|found| found.is_of(&object.id, objects.mark()));
    if object.state == MadeState::Creating && !is_ours {
        // Under the id that was asked for may be another one: nothing that was only asked for is ours.
        found = find_ours(*registry, &object.id, objects.mark()).await?;
    }
    let step = decide_undo(object, found.as_ref(), objects.mark(), *force);
    let client_id = found.map(|found| found.client_id);
    let undone = match (step, &client_id) {
        (UndoStep::KeepForeign, _) => Undone::KeptForeign,
        (UndoStep::KeepChanged, _) => Undone::KeptChanged,
        (UndoStep::Delete, Some(id)) => {
            if !dry_run {
                registry.delete(id).await?;
                objects.remove(&object.id)?;
            }
            Undone::Deleted
        }
        (UndoStep::Forget | UndoStep::Delete, _) => {
            if !dry_run {
                objects.remove(&object.id)?;
            }
            Undone::Gone
        }
    };
    Ok((undone, client_id))
}
