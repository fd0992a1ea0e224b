//! The sorted files that say where the entry of each id begins.

use std::io;
use std::path::Path;

use crate::files::put_private;
use crate::index::{HASH_BYTES, SortedFile, hash_of, merge, sorted_files, sorted_path};
use crate::kind::Kind;

/// How many times as large as what comes later a sorted file has to be to stay beside that. A look-up goes into each one, and
/// there are few of them: of sixteen million entries six at most.
const LARGER: u64 = 16;

const PLACE_BYTES: usize = 8;

/// The hash of kind and id at Clerk, and where its entry begins. Of several entries of one id the last one counts: it was learned
/// later, and begins behind the others.
pub(super) const ENTRY_BYTES: usize = HASH_BYTES + PLACE_BYTES;

pub(super) type SegmentEntry = [u8; ENTRY_BYTES];

/// The hash by which an id at Clerk is found.
pub(super) fn hash(kind: Kind, clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(kind.number(), clerk_id)
}

pub(super) fn entry(kind: Kind, clerk_id: &str, place: u64) -> SegmentEntry {
    let mut entry = [0; ENTRY_BYTES];
    entry[..HASH_BYTES].copy_from_slice(&hash(kind, clerk_id));
    entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes());
    entry
}

/// Where the entry begins.
pub(super) fn place_of(entry: &SegmentEntry) -> u64 {
    entry.last_chunk().map_or(0, |place| u64::from_be_bytes(*place))
}

/// Of entries in order the last one of each id.
pub(super) fn newest(
    entries: impl Iterator<Item = io::Result<SegmentEntry>>,
) -> impl Iterator<Item = io::Result<SegmentEntry>> {
    let mut entries = entries.peekable();
    std::iter::from_fn(move || {
        loop {
            let entry = match entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            let is_same = |next: &io::Result<SegmentEntry>| {
                next.as_ref().is_ok_and(|next| next[..HASH_BYTES] == entry[..HASH_BYTES])
            };
            if !entries.peek().is_some_and(is_same) {
                return Some(Ok(entry));
            }
        }
    })
}

/// Writes a further sorted file of entries in order; it is there as a whole or not at all. It becomes one with those before it that
/// are not much larger.
pub(super) fn add(directory: &Path, entries: impl Iterator<Item = io::Result<SegmentEntry>>) -> io::Result<()> {
    let before = sorted_files(directory)?;
    let next = before.last().map_or(1, |(number, _)| number + 1);
    put_private(&sorted_path(directory, next), |file| SortedFile::<ENTRY_BYTES>::write(file, newest(entries)))?;
    let files = sorted_files(directory)?;
    let sources = files.iter().map(|(_, path)| SortedFile::open(path)).collect::<io::Result<Vec<_>>>()?;
    let first = first_of_one(&sources.iter().map(SortedFile::len).collect::<Vec<_>>());
    let old = &files[first..];
    if old.len() < 2 {
        return Ok(());
    }
    let merged = merge(sources[first..].iter().map(SortedFile::<ENTRY_BYTES>::entries));
    let merged = newest(merged.map(|entry| entry.map(|(entry, _)| entry)));
    put_private(&sorted_path(directory, next + 1), |file| SortedFile::<ENTRY_BYTES>::write(file, merged))?;
    // What is left over if this is broken off says nothing that the new one does not say.
    old.iter().try_for_each(|(_, path)| std::fs::remove_file(path))
}

/// From which file on they become one, by their sizes, the oldest first.
fn first_of_one(sizes: &[u64]) -> usize {
    let mut together = 0;
    let larger = sizes.iter().rposition(|size| {
        let stays = together > 0 && *size >= LARGER * together;
        together += size;
        stays
    });
    larger.map_or(0, |larger| larger + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_some(directory: &Path, numbers: std::ops::Range<u64>, place: u64) -> Vec<u64> {
        let mut entries: Vec<SegmentEntry> =
            numbers.map(|number| entry(Kind::User, &number.to_string(), place + number)).collect();
        entries.sort_unstable();
        add(directory, entries.into_iter().map(Ok)).unwrap();
        let open = |(_, path): &(u64, std::path::PathBuf)| SortedFile::<ENTRY_BYTES>::open(path).unwrap().len();
        sorted_files(directory).unwrap().iter().map(open).collect()
    }

    #[test]
    fn a_look_up_goes_into_few_files_and_a_large_one_is_not_written_again_for_a_few_entries() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(add_some(directory.path(), 0..4000, 0), [4000]);
        assert_eq!(add_some(directory.path(), 4000..4400, 0), [4400], "organizations behind users");
        assert_eq!(add_some(directory.path(), 4400..4500, 0), [4400, 100]);
        assert_eq!(
            add_some(directory.path(), 4450..4550, 10_000),
            [4400, 150],
            "an entry that is there twice counts once"
        );
        assert_eq!(add_some(directory.path(), 4550..4555, 0), [4400, 150, 5]);
        assert_eq!(add_some(directory.path(), 5000..6000, 0), [5555]);
        let (_, path) = sorted_files(directory.path()).unwrap().pop().unwrap();
        let all = SortedFile::<ENTRY_BYTES>::open(&path).unwrap();
        let place = |number: u64| all.find(&hash(Kind::User, &number.to_string())).unwrap().as_ref().map(place_of);
        assert_eq!(place(4449), Some(4449));
        assert_eq!(place(4450), Some(14_450), "the one that was learned later");
        assert_eq!((place(5999), place(7000)), (Some(5999), None));
    }
}
