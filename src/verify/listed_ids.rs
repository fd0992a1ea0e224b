//! What the target calls those to whom records refer, by its own lists: a verification believes nothing that a run noted.

use std::io;
use std::sync::Arc;

use crate::destination::{Catalogue, Key};
use crate::kind::Kind;
use crate::mapping::{TargetId, TargetIds};

/// The lists that were read so far, by kind.
#[derive(Clone, Debug, Default)]
pub struct ListedIds {
    lists: Vec<(Kind, Arc<Catalogue>)>,
}

impl ListedIds {
    /// Adds the whole list of a kind.
    pub fn add(&mut self, kind: Kind, list: Arc<Catalogue>) {
        self.lists.push((kind, list));
    }

    /// The whole list of a kind, if it was added.
    pub fn list(&self, kind: Kind) -> Option<Arc<Catalogue>> {
        self.lists.iter().find(|(listed, _)| *listed == kind).map(|(_, list)| Arc::clone(list))
    }
}

impl TargetIds for ListedIds {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let Some((_, list)) = self.lists.iter().find(|(listed, _)| *listed == kind) else { return Ok(None) };
        let found = match (kind, clerk_id.split_once('/')) {
            // A membership is known by whom it is of.
            (Kind::Membership, Some((organization, user))) => {
                let ids = (self.find(Kind::Organization, organization)?, self.find(Kind::User, user)?);
                let (Some(organization), Some(user)) = ids else { return Ok(None) };
                list.find(Key::Id(&format!("{}/{}", organization.id, user.id)))?
            }
            _ => list.person(clerk_id)?,
        };
        Ok(found.map(|listed| TargetId {
            external_id: listed.external_id.unwrap_or_default().into(),
            id: listed.id.into(),
            is_proven: true,
        }))
    }
}
