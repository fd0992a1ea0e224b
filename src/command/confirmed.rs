//! What the target confirmed in earlier runs, and whether it can be believed.

use std::io;

use super::id_maps::{look_up_ids, with_id_map};
use crate::avnology::{AdminCalls, read_by_external_id, read_one};
use crate::delivery::OnExisting;
use crate::destination::TargetError;
use crate::id_map::IdLookup;
use crate::journal::{ConfirmedLookup, ConfirmedUsers, SAMPLE_SIZE};
use crate::settings::ImportSettings;

/// Without the batch methods, each user that is looked up is a request.
const SMALL_SAMPLE: usize = 10;

/// What an import has of what its target confirmed.
#[derive(Default)]
pub(super) struct LoadedConfirmed {
    /// To be kept up to date.
    pub confirmed: Option<ConfirmedUsers>,
    /// For not asking about users again.
    pub lookup: Option<ConfirmedLookup>,
    /// Whom the target had before, and under which external ids.
    pub ids: Option<IdLookup>,
}

/// Loads what `target` confirmed, if the target still agrees. If that fails, it costs requests and nothing else.
///
/// Unless the run `knows_all` that it did before, its own users are among those whom the target confirmed, and only their marks
/// tell them from the others: so the target is asked about everybody.
pub(super) async fn load_confirmed(
    settings: &ImportSettings,
    target: &str,
    run: &str,
    calls: &AdminCalls,
    knows_all: bool,
) -> Result<LoadedConfirmed, TargetError> {
    let sample_size = if calls.has_batch_methods() { SAMPLE_SIZE } else { SMALL_SAMPLE };
    let given_up = |error: io::Error| {
        tracing::warn!(%error, "what is known of the target cannot be used; it is asked about every user");
        LoadedConfirmed::default()
    };
    if settings.intake.shard.is_some() {
        // Shards go side by side and do not know of each other's users: what one believes another may be changing. So they
        // ask the target about everybody, and the next run that is no shard does, too.
        let ids = look_up_ids(&settings.runs_directory, target).await;
        return Ok(match ConfirmedUsers::mark_stale(&settings.runs_directory, target, run) {
            Ok(()) => LoadedConfirmed { ids, ..LoadedConfirmed::default() },
            Err(error) => LoadedConfirmed { ids, ..given_up(error) },
        });
    }
    let opened = match open(settings, target).await {
        Ok(confirmed) => confirmed,
        Err(error) => return Ok(given_up(error)),
    };
    let confirmed = if is_believable(opened.sample().take(sample_size), calls).await? {
        Ok(opened)
    } else {
        tracing::warn!("the target does not have the users it had; it is asked about every user again");
        forget(settings, target, opened).await
    };
    let ids = look_up_ids(&settings.runs_directory, target).await;
    // If users who are there are to be rejected, the target itself has to say so.
    let may_look_up = knows_all && settings.on_existing != OnExisting::Fail && !settings.recheck;
    let loaded = confirmed.and_then(|confirmed| {
        let lookup = if may_look_up { confirmed.lookup()? } else { None };
        if settings.on_existing == OnExisting::Update {
            confirmed.note_updating(Some(run))?;
        }
        Ok((confirmed, lookup))
    });
    Ok(match loaded {
        Ok((confirmed, lookup)) => LoadedConfirmed { confirmed: Some(confirmed), lookup, ids },
        Err(error) => LoadedConfirmed { ids, ..given_up(error) },
    })
}

/// Forgets a target that is another one now: what it confirmed, and its ids.
async fn forget(settings: &ImportSettings, target: &str, confirmed: ConfirmedUsers) -> io::Result<ConfirmedUsers> {
    // The ids first: by what was confirmed it is found out once more that the target is another one, should this be broken off.
    with_id_map(&settings.runs_directory, target, |mut map| map.forget()).await?;
    let empty = confirmed.recreate_empty()?;
    with_id_map(&settings.runs_directory, target, |mut map| map.note_covered()).await?;
    Ok(empty)
}

/// Opens what the target confirmed; that is nothing if a run that changed users was broken off. It may be the run that is
/// resumed now: the users it changed before are in its journal, and perhaps not here. It is nothing, too, if the ids of some of these
/// users are not known: the target gives them again only for those whom it is asked about.
async fn open(settings: &ImportSettings, target: &str) -> io::Result<ConfirmedUsers> {
    let misses_some = with_id_map(&settings.runs_directory, target, |map| Ok(map.misses_some())).await?;
    let mut confirmed = ConfirmedUsers::open(&settings.runs_directory, target)?;
    if confirmed.updating()?.is_some() {
        tracing::warn!("a run that changed users was broken off; the target is asked about every user again");
        confirmed = confirmed.recreate_empty()?;
    } else if misses_some {
        confirmed = confirmed.recreate_empty()?;
    }
    if misses_some {
        with_id_map(&settings.runs_directory, target, |mut map| map.note_covered()).await?;
    }
    Ok(confirmed)
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
            let found = body.as_deref().and_then(read_one).and_then(|found| found.external_id);
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
        let found = read_by_external_id(&body);
        let has =
            |external_id: &str, id: &str| found.get(external_id).is_some_and(|found| found.id.as_deref() == Some(id));
        if !sample[done..done + count].iter().all(|(external_id, id)| has(external_id, id)) {
            return Ok(false);
        }
        done += count;
    }
    Ok(true)
}
