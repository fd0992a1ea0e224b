//! What the steps behind the first one know of those to whom their records refer.

use std::io;
use std::sync::Arc;

use crate::id_map::IdLookup;
use crate::journal::RejectedPlaces;
use crate::kind::Kind;
use crate::mapping::{TargetId, TargetIds};

/// What the target calls them; and where those stand that this run rejected.
#[derive(Debug)]
pub(super) struct IdsAtTarget {
    pub ids: Arc<IdLookup>,
    pub rejected: RejectedPlaces,
}

impl TargetIds for IdsAtTarget {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        TargetIds::find(self.ids.as_ref(), kind, clerk_id)
    }

    fn rejected(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<String>> {
        let place = self.rejected.find(kind, clerk_id)?;
        Ok(place.map(|place| format!("{}, record {} ({})", place.input, place.record, place.code)))
    }
}
