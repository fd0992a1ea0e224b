//! What is known of the target from earlier runs, and whether it can be believed.

use std::io;

use crate::avnology::{AdminCalls, Comparable, TargetError};
use crate::delivery::OnExisting;
use crate::journal::{KnownLookup, KnownUsers, SAMPLE_SIZE};
use crate::settings::ImportSettings;

/// Without the batch methods, each user that is looked up is a request.
const SMALL_SAMPLE: usize = 10;

/// What an import knows of its target.
#[derive(Default)]
pub(super) struct Recalled {
    /// To be kept up to date.
    pub known: Option<KnownUsers>,
    /// For not asking about users again.
    pub lookup: Option<KnownLookup>,
}

/// Recalls what is known of `target`, as far as the target agrees. Not being able to costs requests and nothing else.
pub(super) async fn recall(
    settings: &ImportSettings,
    target: &str,
    run: &str,
    calls: &AdminCalls,
    batch: bool,
) -> Result<Recalled, TargetError> {
    let sample_size = if batch { SAMPLE_SIZE } else { SMALL_SAMPLE };
    let given_up = |error: io::Error| {
        tracing::warn!(%error, "what is known of the target cannot be used; it is asked about every user");
        Recalled::default()
    };
    if settings.intake.shard.is_some() {
        // Shards go side by side and do not know of each other's users: what one believes another may be changing. So they
        // ask the target about everybody, and the next run that is no shard does, too.
        return Ok(match KnownUsers::distrust(&settings.runs_directory, target, run) {
            Ok(()) => Recalled::default(),
            Err(error) => given_up(error),
        });
    }
    let known = match open(settings, target) {
        Ok(opened) => opened,
        Err(error) => return Ok(given_up(error)),
    };
    let known = if is_believable(known.sample().take(sample_size), calls).await? {
        Ok(known)
    } else {
        tracing::warn!("the target does not have the users it had; it is asked about every user again");
        known.emptied()
    };
    // Somebody who wants users that are there to be rejected wants the target to say so.
    let may_look_up = settings.on_existing != OnExisting::Fail && !settings.recheck;
    let recalled = known.and_then(|known| {
        let lookup = if may_look_up { known.lookup()? } else { None };
        if settings.on_existing == OnExisting::Update {
            known.note_updating(Some(run))?;
        }
        Ok(Recalled { known: Some(known), lookup })
    });
    Ok(recalled.unwrap_or_else(given_up))
}

/// Opens what is known; nothing is, if a run that changed users was broken off. That may be the run that goes on now: whom
/// it changed before that is in its journal, and perhaps not here.
fn open(settings: &ImportSettings, target: &str) -> io::Result<KnownUsers> {
    let mut known = KnownUsers::open(&settings.runs_directory, target)?;
    if known.updating()?.is_some() {
        tracing::warn!("a run that changed users was broken off; the target is asked about every user again");
        known = known.emptied()?;
    }
    Ok(known)
}

/// Whether the target has these users under the ids it gave them then. Another tenant, a database that was reset or
/// restored from a backup: it has not.
async fn is_believable<'a>(
    sample: impl Iterator<Item = &'a (String, String)>,
    calls: &AdminCalls,
) -> Result<bool, TargetError> {
    let sample: Vec<&(String, String)> = sample.collect();
    if !calls.has_batch_methods() {
        for (external_id, id) in sample {
            let body = calls.get(id).await?;
            let found = body.as_deref().and_then(Comparable::one).and_then(|found| found.external_id);
            if found.as_deref() != Some(external_id) {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let external_ids: Vec<&str> = sample.iter().map(|(external_id, _)| external_id.as_str()).collect();
    let mut done = 0;
    while done < sample.len() {
        let (count, body) = calls.read_some(&external_ids[done..]).await?;
        let found = Comparable::by_external_id(std::slice::from_ref(&body));
        let has =
            |external_id: &str, id: &str| found.get(external_id).is_some_and(|found| found.id.as_deref() == Some(id));
        if !sample[done..done + count].iter().all(|(external_id, id)| has(external_id, id)) {
            return Ok(false);
        }
        done += count;
    }
    Ok(true)
}
