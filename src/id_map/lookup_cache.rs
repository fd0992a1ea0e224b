//! What was sought last, so that it is not sought on disk again: the records of one organization, or of one user, often come one behind
//! the other, and a few organizations have most of the members.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::kind::Kind;

/// How many are kept: 300 KiB, for usual ids.
const KEPT: usize = 1024;

/// What was found of those who were sought last. Many threads may seek at once.
pub(crate) struct LookupCache<T> {
    hasher: RandomState,
    /// Each one has its entry; the one that comes there later takes it.
    entries: Vec<Mutex<Option<Sought<T>>>>,
}

struct Sought<T> {
    kind: Kind,
    clerk_id: Box<str>,
    found: T,
}

impl<T: Clone> LookupCache<T> {
    /// Nobody was sought yet.
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), entries: (0..KEPT).map(|_| Mutex::new(None)).collect() }
    }

    /// What was found of this one, or what `seek` finds now. It has to find the same each time.
    pub(crate) fn find(&self, kind: Kind, clerk_id: &str, seek: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let hash = self.hasher.hash_one((kind, clerk_id));
        let entry = &self.entries[usize::try_from(hash % KEPT as u64).unwrap_or(0)];
        let lock = || entry.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lock()
            .as_ref()
            .filter(|sought| sought.kind == kind && *sought.clerk_id == *clerk_id)
            .map(|sought| sought.found.clone());
        if let Some(found) = kept {
            return Ok(found);
        }
        let found = seek()?;
        *lock() = Some(Sought { kind, clerk_id: clerk_id.into(), found: found.clone() });
        Ok(found)
    }
}

/// Ids are personal data.
impl<T> fmt::Debug for LookupCache<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LookupCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_one_is_found_as_it_is_and_one_that_was_just_sought_is_not_sought_again() {
        let cache = LookupCache::new();
        let of = |kind: Kind, number: usize| format!("{kind:?} {number}");
        for number in (0..3 * KEPT).chain(0..3 * KEPT) {
            for kind in [Kind::User, Kind::Organization] {
                let found = cache.find(kind, &number.to_string(), || Ok(of(kind, number))).unwrap();
                assert_eq!(found, of(kind, number));
                let again = cache.find(kind, &number.to_string(), || Err(io::Error::other("sought again")));
                assert_eq!(again.unwrap(), found);
            }
        }
        assert!(cache.find(Kind::User, "gone", || Err(io::Error::other("the disk"))).is_err());
        assert!(cache.find(Kind::User, "gone", || Ok("there".to_owned())).is_ok(), "an error is not kept");
    }
}
