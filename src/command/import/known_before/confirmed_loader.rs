//! Loads what the target confirmed in earlier runs, if it can be believed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::command::shared::target::id_maps::with_id_map;
use crate::delivery::OnExisting;
use crate::destination::{Comparable, Destination, TargetError};
use crate::journal::{ConfirmedUsers, SAMPLE_SIZE};
use crate::pipeline::ConfirmedBefore;

/// Where users are looked up one by one, each is a request.
const SMALL_SAMPLE: usize = 10;

/// Loads what the target confirmed in earlier runs. By this it knows whether a run may go by that.
pub(super) struct ConfirmedLoader<'r> {
    /// Where runs are kept, and beside them what a target confirmed.
    pub runs_directory: &'r Path,
    /// The target.
    pub target: &'r str,
    /// The run that is to go by them.
    pub run: &'r str,
    /// It is a shard's.
    pub is_shard: bool,
    /// What it does with users who are at the target already.
    pub on_existing: OnExisting,
    /// It asks the target about everybody.
    pub recheck: bool,
    /// It is known as a whole what the run did before. If not, its own users are among those whom the target confirmed, and
    /// only their marks show which they are: so the target is asked about everybody.
    pub knows_all: bool,
}

impl ConfirmedLoader<'_> {
    /// Loads them, if the target still agrees. If that fails, it costs requests and nothing else.
    pub(super) async fn load(&self, destination: &dyn Destination) -> Result<Option<ConfirmedBefore>, TargetError> {
        let sample_size = if destination.at_once() > 1 { SAMPLE_SIZE } else { SMALL_SAMPLE };
        let given_up = |error: io::Error| {
            tracing::warn!(%error, "what is known of the target cannot be used; it is asked about every user");
            None
        };
        if self.is_shard {
            // Shards go side by side and do not know of each other's users: what one believes another may be changing. So they
            // ask the target about everybody, and the next run that is no shard does, too.
            let marked = ConfirmedUsers::mark_stale(self.runs_directory, self.target, self.run);
            return Ok(marked.map_or_else(given_up, |()| None));
        }
        let users = match self.open().await {
            Ok(opened) => opened,
            Err(error) => return Ok(given_up(error)),
        };
        let users = if is_believable(users.sample().take(sample_size), destination).await? {
            Ok(users)
        } else {
            tracing::warn!("the target does not have the users it had; it is asked about every user again");
            self.forget(users).await
        };
        let loaded = users.and_then(|users| {
            let lookup = if self.may_look_up() { users.lookup()?.map(Arc::new) } else { None };
            if self.on_existing == OnExisting::Update {
                users.note_updating(Some(self.run))?;
            }
            Ok(Some(ConfirmedBefore { users, lookup }))
        });
        Ok(loaded.unwrap_or_else(given_up))
    }

    /// Opens what the target confirmed; that is nothing if a run that changed users was broken off. It may be the run that is
    /// resumed now: the users it changed before are in its journal, and perhaps not here. It is also nothing if the ids of some
    /// of these users are not known: the target gives them again only for those whom it is asked about.
    async fn open(&self) -> io::Result<ConfirmedUsers> {
        let misses_some = with_id_map(self.runs_directory, self.target, |map| Ok(map.misses_some())).await?;
        let mut confirmed = ConfirmedUsers::open(self.runs_directory, self.target)?;
        if confirmed.updating()?.is_some() {
            tracing::warn!("a run that changed users was broken off; the target is asked about every user again");
            confirmed = confirmed.recreate_empty()?;
        } else if misses_some {
            confirmed = confirmed.recreate_empty()?;
        }
        if misses_some {
            with_id_map(self.runs_directory, self.target, |mut map| map.note_covered()).await?;
        }
        Ok(confirmed)
    }

    /// Forgets a target that is another one now: what it confirmed, and its ids.
    async fn forget(&self, confirmed: ConfirmedUsers) -> io::Result<ConfirmedUsers> {
        // The ids first: by what was confirmed it is found out once more that the target is another one, should this be broken off.
        with_id_map(self.runs_directory, self.target, |mut map| map.forget()).await?;
        let empty = confirmed.recreate_empty()?;
        with_id_map(self.runs_directory, self.target, |mut map| map.note_covered()).await?;
        Ok(empty)
    }

    /// If users who are there are to be rejected, the target itself has to say so.
    fn may_look_up(&self) -> bool {
        self.knows_all && self.on_existing != OnExisting::Fail && !self.recheck
    }
}

/// Whether the target has these users under the ids it gave them then. Another tenant, a database that was reset or
/// restored from a backup: it has not.
async fn is_believable<'a>(
    sample: impl Iterator<Item = &'a (String, String)>,
    destination: &dyn Destination,
) -> Result<bool, TargetError> {
    let sample: Vec<&(String, String)> = sample.collect();
    if destination.at_once() == 1 {
        for (external_id, id) in sample {
            let body = destination.get(id).await?;
            let found = body.as_ref().and_then(|body| destination.read_found(body).pop());
            if found.as_ref().and_then(|found| found.external_id.as_deref()) != Some(external_id) {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let external_ids: Vec<&str> = sample.iter().map(|(external_id, _)| external_id.as_str()).collect();
    let mut done = 0;
    while done < sample.len() {
        let (count, body) = destination.find(&external_ids[done..]).await?;
        let found = Comparable::by_external_id(destination.read_found(&body));
        let has =
            |external_id: &str, id: &str| found.get(external_id).is_some_and(|found| found.id.as_deref() == Some(id));
        if !sample[done..done + count].iter().all(|(external_id, id)| has(external_id, id)) {
            return Ok(false);
        }
        done += count;
    }
    Ok(true)
}
