//! Whom a dry run takes for imported: all users and organizations of its inputs that could be sent. What refers to anybody else would
//! be rejected by an import.
//!
//! They are found out by reading and mapping them once before all else, and lie on disk. Of kinds that are in no input nothing is
//! known: an earlier import may have brought them to the target. Nor is it known yet who would be rejected as a duplicate.

use std::io;
use std::sync::Arc;

use futures::StreamExt;

use super::super::shared::command_error::CommandError;
use crate::id_map::LookupCache;
use crate::index::{HASH_BYTES, SortedFile, Sorter, hash_of};
use crate::kind::Kind;
use crate::mapping::{TargetId, TargetIds};
use crate::outcomes::StopReason;
use crate::pipeline::{Extras, Intake, MappedIdentity, map_inputs};
use crate::signal::Signals;

/// Entries in memory while they are sorted: 384 KiB.
const BUFFERED: usize = 32 * 1024;

/// The users and organizations that could be sent.
#[derive(Debug)]
pub(in crate::command) struct InputIds {
    known: SortedFile<HASH_BYTES>,
    /// Which kinds are in the inputs.
    kinds: Vec<Kind>,
    cache: LookupCache<bool>,
}

impl InputIds {
    /// Goes through the users and organizations of `intake`. If they cannot be read to their end, the dry run itself says so.
    pub(in crate::command) async fn read(intake: Intake, signals: &mut Signals) -> Result<Self, CommandError> {
        let (kinds, directory) = (intake.kinds(), std::env::temp_dir());
        let sorter = Sorter::new(BUFFERED, directory.clone());
        for kind in [Kind::User, Kind::Organization] {
            let mut of_kind = kinds.iter().position(|of_input| *of_input == kind).map_or(0..0, |first| first..first);
            of_kind.end += kinds.iter().filter(|of_input| **of_input == kind).count();
            if of_kind.is_empty() {
                continue;
            }
            let reading = take_in(&sorter, kind, intake.clone().of_inputs(of_kind));
            signals.unless_one_comes(reading).await.map_err(CommandError::Interrupted)??;
        }
        let known = tokio::task::block_in_place(|| {
            SortedFile::write(tempfile::tempfile_in(directory)?, sorter.finish()?.iter())
        });
        Ok(Self { known: known.map_err(StopReason::Temporary)?, kinds, cache: LookupCache::new() })
    }

    fn has(&self, kind: Kind, clerk_id: &str) -> io::Result<bool> {
        let is_known = || Ok(self.known.find(&hash_of(kind.number(), clerk_id))?.is_some());
        Ok(!self.kinds.contains(&kind) || self.cache.find(kind, clerk_id, is_known)?)
    }
}

/// Adds the ids of a kind. What is wrong with an input is reported when its records are read.
async fn take_in(sorter: &Sorter<HASH_BYTES>, kind: Kind, intake: Intake) -> Result<(), StopReason> {
    let extras = Extras { only_ids: true, ..Extras::default() };
    let mut groups = Box::pin(map_inputs(intake, None, extras));
    while let Some(group) = groups.next().await {
        let group = match group {
            Ok(group) => group,
            Err(StopReason::Source(_)) => break,
            Err(reason) => return Err(reason),
        };
        let id_of = |identity: &MappedIdentity| {
            hash_of(kind.number(), identity.clerk_id.as_deref().unwrap_or(&identity.external_id))
        };
        let ids: Vec<_> = group.identities.iter().map(id_of).collect();
        sorter.extend(&ids).map_err(StopReason::Temporary)?;
    }
    Ok(())
}

impl TargetIds for InputIds {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let is_known = match (kind, clerk_id.split_once('/')) {
            // A membership is imported if those are whom it is of.
            (Kind::Membership, Some((organization, user))) => {
                self.has(Kind::Organization, organization)? && self.has(Kind::User, user)?
            }
            _ => self.has(kind, clerk_id)?,
        };
        // Where nothing is sent, Clerk's ids stand in the place of the target's.
        Ok(is_known.then(|| TargetId { id: clerk_id.into(), external_id: clerk_id.into(), is_proven: true }))
    }
}

/// The ids, if anything refers to users or organizations that are in the inputs; none of a pipe, which can be read only once.
pub(in crate::command) async fn input_ids(
    intake: Intake,
    has_pipe: bool,
    signals: &mut Signals,
) -> Result<Option<Arc<dyn TargetIds>>, CommandError> {
    let kinds = intake.kinds();
    let refers = kinds.iter().any(|kind| kind.refers_to_others());
    let holds_others = kinds.iter().any(|kind| !kind.refers_to_others());
    if has_pipe || !refers || !holds_others {
        return Ok(None);
    }
    Ok(Some(Arc::new(InputIds::read(intake, signals).await?)))
}
