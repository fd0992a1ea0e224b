//! Texts by other texts, more than memory holds: all are added first, then looked up.

use std::io;
use std::path::{Path, PathBuf};

use super::{HASH_BYTES, SortedFile, Sorter, Texts, hash_of};

/// A hash of the key and the place of the text.
const ENTRY: usize = HASH_BYTES + 8;

/// The kind of the hashes.
const OF_MAPS: u8 = b'm';

/// Entries in memory before they are spilled: 1.5 MiB.
const CAPACITY: usize = 1 << 16;

/// Takes texts and what they are found by.
#[derive(Debug)]
pub struct TextMap {
    texts: Texts,
    sorter: Sorter<ENTRY>,
    directory: PathBuf,
}

/// Texts on disk, found by their keys.
#[derive(Debug)]
pub struct TextLookup {
    texts: Texts,
    entries: SortedFile<ENTRY>,
}

impl TextMap {
    /// An empty map, in files without a name in `directory`.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let sorter = Sorter::new(CAPACITY, directory.to_path_buf());
        Ok(Self { texts: Texts::new(directory)?, sorter, directory: directory.to_path_buf() })
    }

    /// Adds a text. There may be several with the same key.
    pub fn add(&mut self, key: &str, text: &[u8]) -> io::Result<()> {
        let place = self.texts.add(text)?;
        let mut entry = [0; ENTRY];
        entry[..HASH_BYTES].copy_from_slice(&hash_of(OF_MAPS, key));
        entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes());
        self.sorter.extend(&[entry])
    }

    /// The texts, for looking them up.
    pub fn finish(self) -> io::Result<TextLookup> {
        let sorted = self.sorter.finish()?;
        let entries = SortedFile::write(tempfile::tempfile_in(&self.directory)?, sorted.iter())?;
        Ok(TextLookup { texts: self.texts, entries })
    }
}

impl TextLookup {
    /// The texts with this key, in the order in which they were added.
    pub fn get(&self, key: &str) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.get_within(key, usize::MAX)?.unwrap_or_default())
    }

    /// The texts, or `None` if they have more than this many bytes together.
    pub fn get_within(&self, key: &str, most: usize) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut left = most;
        let hash = hash_of(OF_MAPS, key);
        let mut found = Vec::new();
        for entry in self.entries.entries_from(&hash)? {
            let entry = entry?;
            if !entry.starts_with(&hash) {
                break;
            }
            let mut place = [0; 8];
            place.copy_from_slice(&entry[HASH_BYTES..]);
            let text = self.texts.get(u64::from_be_bytes(place))?;
            let Some(rest) = left.checked_sub(text.len()) else { return Ok(None) };
            left = rest;
            found.push(text);
        }
        Ok(Some(found))
    }

    /// How many texts this key has. None of them is read.
    pub fn count(&self, key: &str) -> io::Result<u64> {
        let hash = hash_of(OF_MAPS, key);
        let mut count = 0;
        for entry in self.entries.entries_from(&hash)? {
            if !entry?.starts_with(&hash) {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    /// How many texts there are.
    pub fn len(&self) -> u64 {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_keys_in_the_order_in_which_they_were_added() {
        let mut map = TextMap::new(&std::env::temp_dir()).unwrap();
        for number in 0..1_000_u32 {
            map.add(&format!("key {}", number % 300), number.to_string().as_bytes()).unwrap();
        }
        let lookup = map.finish().unwrap();
        assert_eq!(lookup.len(), 1_000);
        for key in 0..300_u32 {
            let expected: Vec<Vec<u8>> =
                (0..1_000).filter(|number| number % 300 == key).map(|number| number.to_string().into_bytes()).collect();
            assert_eq!(lookup.count(&format!("key {key}")).unwrap(), expected.len() as u64);
            assert_eq!(lookup.get(&format!("key {key}")).unwrap(), expected);
        }
        assert!(lookup.get("key 300").unwrap().is_empty());
        // `1`, `301`, `601` and `901`.
        assert!(lookup.get_within("key 1", 10).unwrap().is_some_and(|texts| texts.len() == 4));
        assert_eq!(lookup.get_within("key 1", 9).unwrap(), None);
    }
}
