//! What the person at a terminal is asked before anything is deleted.

use super::super::shared::command_error::CommandError;
use super::super::shared::terminal::consent::{ask_consent, is_somebody_there};
use super::run_effects::RunEffects;
use crate::human::{moment, plural};
use crate::journal::{RunDirectory, RunRecord};
use crate::report::{Deleted, DeletedKinds};
use crate::settings::RunOnDisk;
use crate::signal::Signals;

/// Shows what is at stake and asks, if there is somebody to ask. There is no question if undo has nothing to delete or to put back.
pub(super) async fn seek_consent(
    run: &RunOnDisk,
    effects: &RunEffects,
    signals: &mut Signals,
) -> Result<bool, CommandError> {
    let RunOnDisk { directory, record } = run;
    if !effects.may_delete() && !has_changed_others(directory) {
        return Ok(true);
    }
    if !is_somebody_there() {
        return Ok(false);
    }
    let RunRecord { id, started, target, .. } = record;
    let RunEffects { created, doubts, has_end, .. } = effects;
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
    let started = moment(started);
    let question = format!("Run {id} of {started} created {created} at {target}.{perhaps}\nDelete them?");
    ask_consent(&question, signals).await
}

/// Whether the run disabled users, or removed members, whom undo enables or puts back.
fn has_changed_others(directory: &RunDirectory) -> bool {
    directory.disabled().exists() || directory.removed().exists()
}

/// How many there are of each kind, for a sentence.
fn by_kind(counts: &DeletedKinds, number: impl Fn(&Deleted) -> u64) -> String {
    let kinds = counts.kinds().map(|(kind, of_kind)| plural(number(of_kind), kind.noun_at_target()));
    kinds.collect::<Vec<_>>().join(", ")
}
