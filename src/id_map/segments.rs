//! The sorted files that say where the entry of each id begins.

use std::io;
use std::path::Path;

use crate::files::put_private;
use crate::index::{HASH_BYTES, SortedFile, hash_of, merge, sorted_files, sorted_path};
use crate::kind::Kind;

/// Sorted files that are put into one when there are as many, so that a look-up goes into few.
const FAN_IN: usize = 4;

const PLACE_BYTES: usize = 8;

/// The hash of kind and id at Clerk, and where its entry begins. Of several entries of one id the last one counts: it was learned
/// later, and begins behind the others.
pub(super) const ENTRY_BYTES: usize = HASH_BYTES + PLACE_BYTES;

pub(super) type PlaceEntry = [u8; ENTRY_BYTES];

/// The hash by which an id at Clerk is found.
pub(super) fn hash(kind: Kind, clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(kind.number(), clerk_id)
}

pub(super) fn entry(kind: Kind, clerk_id: &str, place: u64) -> PlaceEntry {
    let mut entry = [0; ENTRY_BYTES];
    entry[..HASH_BYTES].copy_from_slice(&hash(kind, clerk_id));
    entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes());
    entry
}

/// Where the entry begins.
pub(super) fn place_of(entry: &PlaceEntry) -> u64 {
    entry.last_chunk().map_or(0, |place| u64::from_be_bytes(*place))
}

/// Of entries in order the last one of each id.
pub(super) fn newest(
    entries: impl Iterator<Item = io::Result<PlaceEntry>>,
) -> impl Iterator<Item = io::Result<PlaceEntry>> {
    let mut entries = entries.peekable();
    std::iter::from_fn(move || {
        loop {
            let entry = match entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            let is_same = |next: &io::Result<PlaceEntry>| {
                next.as_ref().is_ok_and(|next| next[..HASH_BYTES] == entry[..HASH_BYTES])
            };
            if !entries.peek().is_some_and(is_same) {
                return Some(Ok(entry));
            }
        }
    })
}

/// Writes a further sorted file of entries in order; it is there as a whole or not at all. If there are many then, they become one.
pub(super) fn add(directory: &Path, entries: impl Iterator<Item = io::Result<PlaceEntry>>) -> io::Result<()> {
    let before = sorted_files(directory)?;
    let next = before.last().map_or(1, |(number, _)| number + 1);
    put_private(&sorted_path(directory, next), |file| SortedFile::<ENTRY_BYTES>::write(file, newest(entries)))?;
    if before.len() + 1 < FAN_IN {
        return Ok(());
    }
    let old = sorted_files(directory)?;
    let sources = old.iter().map(|(_, path)| SortedFile::open(path)).collect::<io::Result<Vec<_>>>()?;
    let merged = merge(sources.iter().map(SortedFile::<ENTRY_BYTES>::entries));
    let merged = newest(merged.map(|entry| entry.map(|(entry, _)| entry)));
    put_private(&sorted_path(directory, next + 1), |file| SortedFile::<ENTRY_BYTES>::write(file, merged))?;
    // What is left over if this is broken off says nothing that the new one does not say.
    old.iter().try_for_each(|(_, path)| std::fs::remove_file(path))
}
