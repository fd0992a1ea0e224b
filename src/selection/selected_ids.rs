//! The ids and addresses of a list, on disk, and which record has one of them.

use std::io;
use std::path::Path;

use crate::index::{HASH_BYTES, SortedFile, Sorter, hash_of};
use crate::mapping::normal_form;

/// A hash, and the line in the list.
const ENTRY_BYTES: usize = HASH_BYTES + 8;

/// The number of entries in memory while they are sorted: 320 KiB.
const BUFFERED: usize = 16 * 1024;

/// Bits of the filter, which says of most texts that they are not in the list, without a look at the disk: 1 MiB.
const FILTER_BITS: usize = 8 * 1024 * 1024;

/// What a text is: an id has to be the same to the byte, an address has spellings.
#[derive(Clone, Copy)]
pub(super) enum IdKind {
    Id = 0,
    Address = 1,
}

fn hash(kind: IdKind, text: &str) -> [u8; HASH_BYTES] {
    match kind {
        IdKind::Id => hash_of(IdKind::Id as u8, text),
        IdKind::Address => hash_of(IdKind::Address as u8, &normal_form(text)),
    }
}

/// Puts a list together.
pub(super) struct SelectedIdsBuilder {
    sorter: Sorter<ENTRY_BYTES>,
    filter: Filter,
}

impl SelectedIdsBuilder {
    /// Nothing yet; what does not fit into memory goes to `directory`.
    pub(super) fn new(directory: &Path) -> Self {
        Self { sorter: Sorter::new(BUFFERED, directory.to_path_buf()), filter: Filter::new() }
    }

    /// Adds what stands in a line. An external id can be an address.
    pub(super) fn add(&mut self, text: &str, line: u64) -> io::Result<()> {
        let kinds = if text.contains('@') { &[IdKind::Id, IdKind::Address][..] } else { &[IdKind::Id] };
        for kind in kinds {
            let hash = hash(*kind, text);
            self.filter.add(&hash);
            let mut entry = [0; ENTRY_BYTES];
            entry[..HASH_BYTES].copy_from_slice(&hash);
            entry[HASH_BYTES..].copy_from_slice(&line.to_be_bytes());
            self.sorter.extend(&[entry])?;
        }
        Ok(())
    }

    pub(super) fn finish(self, directory: &Path) -> io::Result<SelectedIds> {
        let sorted = self.sorter.finish()?;
        let entries = SortedFile::write(tempfile::tempfile_in(directory)?, sorted.iter())?;
        Ok(SelectedIds { entries, filter: self.filter })
    }
}

/// The ids and addresses of a list.
#[derive(Debug)]
pub(super) struct SelectedIds {
    entries: SortedFile<ENTRY_BYTES>,
    filter: Filter,
}

impl SelectedIds {
    /// The hash of a text that is in the list; `None` if it is not.
    pub(super) fn find(&self, kind: IdKind, text: &str) -> io::Result<Option<[u8; HASH_BYTES]>> {
        let hash = hash(kind, text);
        Ok((self.filter.may_have(&hash) && self.entries.find(&hash)?.is_some()).then_some(hash))
    }

    /// The hash and the line of each entry, in the order of the hashes.
    pub(super) fn entries(&self) -> impl Iterator<Item = io::Result<([u8; HASH_BYTES], u64)>> {
        self.entries.entries().map(|entry| {
            let entry = entry?;
            let (mut hash, mut line) = ([0; HASH_BYTES], [0; 8]);
            hash.copy_from_slice(&entry[..HASH_BYTES]);
            line.copy_from_slice(&entry[HASH_BYTES..]);
            Ok((hash, u64::from_be_bytes(line)))
        })
    }
}

/// A bit for each hash. If the bit of a hash is not set, the hash was never added.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn new() -> Self {
        Self(vec![0; FILTER_BITS / 64])
    }

    fn add(&mut self, hash: &[u8; HASH_BYTES]) {
        let (word, bit) = Self::bit(hash);
        self.0[word] |= bit;
    }

    fn may_have(&self, hash: &[u8; HASH_BYTES]) -> bool {
        let (word, bit) = Self::bit(hash);
        self.0[word] & bit != 0
    }

    fn bit(hash: &[u8; HASH_BYTES]) -> (usize, u64) {
        let [first, second, third, fourth, ..] = *hash;
        let number = u32::from_be_bytes([first, second, third, fourth]) as usize % FILTER_BITS;
        (number / 64, 1 << (number % 64))
    }
}
