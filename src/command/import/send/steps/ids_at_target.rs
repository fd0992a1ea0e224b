//! What the steps behind the first one know of those to whom their records refer.

use std::io;
use std::sync::Arc;

use crate::id_map::{IdLookup, LookupCache};
use crate::journal::RejectedPlaces;
use crate::kind::Kind;
use crate::mapping::{TargetId, TargetIds};

/// What the target calls them; and where those stand that this run rejected.
#[derive(Debug)]
pub(super) struct IdsAtTarget {
    ids: Arc<IdLookup>,
    rejected: RejectedPlaces,
    cache: LookupCache<Option<TargetId>>,
}

impl IdsAtTarget {
    /// They are found in these.
    pub(super) fn new(ids: Arc<IdLookup>, rejected: RejectedPlaces) -> Self {
        Self { ids, rejected, cache: LookupCache::new() }
    }
}

impl TargetIds for IdsAtTarget {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let seek = || TargetIds::find(self.ids.as_ref(), kind, clerk_id);
        // Of memberships each one is sought once.
        if kind == Kind::Membership { seek() } else { self.cache.find(kind, clerk_id, seek) }
    }

    fn rejected(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<String>> {
        let place = self.rejected.find(kind, clerk_id)?;
        Ok(place.map(|place| format!("{}, record {} ({})", place.input, place.record, place.code)))
    }
}
