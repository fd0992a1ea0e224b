//! What the target calls those to whom records refer, by its own lists: a verification believes nothing that a run noted.

use std::io;
use std::sync::Arc;

use crate::destination::Catalogue;
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
}

impl TargetIds for ListedIds {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let Some((_, list)) = self.lists.iter().find(|(listed, _)| *listed == kind) else { return Ok(None) };
        let found = list.person(clerk_id)?;
        Ok(found.map(|listed| TargetId {
            external_id: listed.external_id.unwrap_or_default().into(),
            id: listed.id.into(),
            is_proven: true,
        }))
    }
}
