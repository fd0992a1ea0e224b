//! Finds identities that are at the target and not in the export: they are in the target's list, and no record led to them.
//! The list and the found identities are sorted on disk by the target's own ids, and merged. An identity whose ids are in
//! some record all the same is counted apart.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;

use super::ownership::Ownership;
use super::present::{IdsInExport, RecordState};
use crate::destination::Catalogue;
use crate::index::{HASH_BYTES, Sorter, hash_of};

/// How many ids are shown.
const SHOWN: usize = 10;

/// The bytes of an identity's place in the catalogue.
const PLACE_BYTES: usize = 6;

/// A hash of the target's own id, and the place in the catalogue.
const LISTED_BYTES: usize = HASH_BYTES + PLACE_BYTES;

/// The number of entries in memory of each of the two sorters: 192 and 288 KiB.
const BUFFERED: usize = 16 * 1024;

/// The number of identities, and the first few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Identities {
    pub count: u64,
    /// The target's own ids of the first few.
    pub first: Vec<String>,
}

/// Identities at the target that no record led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NotInExport {
    /// Their ids are in no record of the export.
    pub extra: Identities,
    /// What is extra of what another import made.
    pub of_other_imports: Identities,
    /// Their records are in the export and cannot be sent.
    pub rejected: Identities,
    /// Their record led to another identity.
    pub twice: Identities,
}

/// Entries of the catalogue: their number, and the first few.
#[derive(Default)]
struct CountedEntries {
    count: u64,
    first: BTreeSet<u64>,
}

impl CountedEntries {
    fn add(&mut self, place: u64) {
        self.count += 1;
        self.first.insert(place);
        if self.first.len() > SHOWN {
            self.first.pop_last();
        }
    }

    fn identities(self, catalogue: &Catalogue) -> io::Result<Identities> {
        let first = self.first.into_iter().map(|place| catalogue.at(place).map(|listed| listed.id));
        Ok(Identities { count: self.count, first: first.collect::<io::Result<_>>()? })
    }
}

/// The identities that records of the export led to, by the target's own ids.
#[derive(Debug)]
pub(super) struct FoundIdentities {
    ids: Sorter<HASH_BYTES>,
}

impl FoundIdentities {
    pub(super) fn new() -> Self {
        Self { ids: Sorter::new(BUFFERED, std::env::temp_dir()) }
    }

    /// Adds identities.
    pub(super) fn extend(&self, ids: &[String]) -> io::Result<()> {
        let hashes: Vec<_> = ids.iter().map(|id| hash(id)).collect();
        self.ids.extend(&hashes)
    }

    /// All identities in the list that no record led to, but for those of other instances.
    pub(super) fn find_others(
        self,
        catalogue: &Catalogue,
        in_export: &IdsInExport,
        ownership: &Ownership,
    ) -> io::Result<NotInExport> {
        let listed = Sorter::<LISTED_BYTES>::new(BUFFERED, std::env::temp_dir());
        for identity in catalogue.listed() {
            let (place, identity) = identity?;
            if ownership.is_of_others(&identity)? {
                continue;
            }
            let mut entry = [0; LISTED_BYTES];
            entry[..HASH_BYTES].copy_from_slice(&hash(&identity.id));
            entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes()[8 - PLACE_BYTES..]);
            listed.extend(&[entry])?;
        }
        let (listed, found) = (listed.finish()?, self.ids.finish()?);
        let (mut extra, mut of_other_imports) = (CountedEntries::default(), CountedEntries::default());
        let (mut rejected, mut twice) = (CountedEntries::default(), CountedEntries::default());
        for place in not_found(listed.iter(), found.iter()) {
            let place = place?;
            let found = catalogue.at(place)?;
            let places = match in_export.record_of(&found)? {
                None if ownership.is_of_other_import(&found)? => &mut of_other_imports,
                None => &mut extra,
                Some(RecordState::Rejected | RecordState::RejectedWithoutId) => &mut rejected,
                Some(RecordState::Compared) => &mut twice,
            };
            places.add(place);
        }
        Ok(NotInExport {
            extra: extra.identities(catalogue)?,
            of_other_imports: of_other_imports.identities(catalogue)?,
            rejected: rejected.identities(catalogue)?,
            twice: twice.identities(catalogue)?,
        })
    }
}

/// The places of the identities that are in the list and were not found, each once. The list has an identity twice if it
/// changed while the list was read.
fn not_found(
    listed: impl Iterator<Item = io::Result<[u8; LISTED_BYTES]>>,
    found: impl Iterator<Item = io::Result<[u8; HASH_BYTES]>>,
) -> impl Iterator<Item = io::Result<u64>> {
    let (mut found, mut last) = (found.peekable(), None);
    listed.filter_map(move |entry| {
        let (id, place) = match &entry {
            Ok(entry) => entry.split_first_chunk::<HASH_BYTES>()?,
            Err(_) => return Some(entry.map(|_| 0)),
        };
        while found.next_if(|found| found.as_ref().is_ok_and(|found| found < id)).is_some() {}
        match found.peek() {
            Some(Ok(found)) if found == id => return None,
            Some(Err(_)) => return found.next().map(|failed| failed.map(|_| 0)),
            _ => {}
        }
        let mut bytes = [0; 8];
        bytes[8 - PLACE_BYTES..].copy_from_slice(place);
        (last.replace(*id) != Some(*id)).then_some(Ok(u64::from_be_bytes(bytes)))
    })
}

/// A hash of the target's own id; no other id is hashed here.
fn hash(id: &str) -> [u8; HASH_BYTES] {
    hash_of(0, id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_difference_of_two_sets(
            listed in proptest::collection::btree_map(0u64..300, 0u8..60, 0..200),
            mut found in proptest::collection::vec(0u8..60, 0..80),
        ) {
            let mut entries: Vec<[u8; LISTED_BYTES]> = listed
                .iter()
                .map(|(place, id)| {
                    let mut entry = [0; LISTED_BYTES];
                    entry[0] = *id;
                    entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes()[8 - PLACE_BYTES..]);
                    entry
                })
                .collect();
            entries.sort_unstable();
            found.sort_unstable();
            let ids = found.iter().map(|id| {
                let mut entry = [0; HASH_BYTES];
                entry[0] = *id;
                Ok(entry)
            });
            let extra: BTreeSet<u64> = not_found(entries.into_iter().map(Ok), ids).map(Result::unwrap).collect();
            let mut seen = BTreeSet::new();
            let expected = listed.iter().filter(|(_, id)| !found.contains(id) && seen.insert(**id));
            prop_assert_eq!(extra, expected.map(|(place, _)| *place).collect::<BTreeSet<_>>());
        }
    }
}
