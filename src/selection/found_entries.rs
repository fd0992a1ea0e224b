//! Which entries of a list some record had.

use std::io;
use std::path::{Path, PathBuf};

use super::NotFound;
use super::selected_ids::SelectedIds;
use crate::index::{HASH_BYTES, Sorter};

/// The number of entries in memory of each sorter: 192 and 144 KiB.
const BUFFERED: usize = 16 * 1024;

/// How many lines are named.
const NAMED: usize = 10;

/// A line, and whether some record had what is in it.
const LINE_BYTES: usize = 8 + 1;

/// The entries that some record had, by their hashes.
pub(super) struct FoundEntries {
    hashes: Sorter<HASH_BYTES>,
    directory: PathBuf,
}

impl FoundEntries {
    pub(super) fn new(directory: &Path) -> Self {
        Self { hashes: Sorter::new(BUFFERED, directory.to_path_buf()), directory: directory.to_path_buf() }
    }

    pub(super) fn add(&self, hash: [u8; HASH_BYTES]) -> io::Result<()> {
        self.hashes.extend(&[hash])
    }

    /// The lines of a list that no record had anything of. An address in it is found as an id or as an address.
    pub(super) fn not_found(self, list: &SelectedIds) -> io::Result<NotFound> {
        let found = self.hashes.finish()?;
        let mut found = found.iter().peekable();
        let lines = Sorter::<LINE_BYTES>::new(BUFFERED, self.directory);
        for entry in list.entries() {
            let (hash, line) = entry?;
            while found.next_if(|found| found.as_ref().is_ok_and(|found| *found < hash)).is_some() {}
            let is_found = match found.peek() {
                Some(Ok(found)) => *found == hash,
                Some(Err(_)) => return found.next().unwrap_or(Ok([0; HASH_BYTES])).map(|_| NotFound::default()),
                None => false,
            };
            let mut of_line = [0; LINE_BYTES];
            of_line[..8].copy_from_slice(&line.to_be_bytes());
            // A line that was found sorts behind the same line that was not.
            of_line[8] = u8::from(is_found);
            lines.extend(&[of_line])?;
        }
        let lines = lines.finish()?;
        let mut lines = lines.iter().peekable();
        let mut not_found = NotFound::default();
        while let Some(entry) = lines.next() {
            let [line @ .., is_found] = entry?;
            let is_last_of_line = !lines.peek().is_some_and(|next| next.as_ref().is_ok_and(|next| next[..8] == line));
            if is_last_of_line && is_found == 0 {
                not_found.count += 1;
                if not_found.first.len() < NAMED {
                    not_found.first.push(u64::from_be_bytes(line));
                }
            }
        }
        Ok(not_found)
    }
}
