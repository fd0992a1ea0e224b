//! Which identities runs have disabled and enabled: `disabled.ndjson` of each run, and an index over several of them.
//!
//! Lines are added in groups, and each is durable before anything is done by it. A power cut may tear the last group: cut it off, or
//! leave zeros in any place of it. What is whole before that counts, and the rest of the group was never gone by.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::damaged_line::DamagedLine;
use super::state_change::{StateChange, StateChangeKind};
use crate::files::{create_private, sync_directory_of};
use crate::index::{HASH_BYTES, Table, hash_of};

/// The hash, the number of the line from the newest one, what was done, and the number of the file.
const ENTRY_BYTES: usize = HASH_BYTES + 8 + 1 + 4;

/// Entries in memory: 200 KiB.
const BUFFERED: usize = 8 * 1024;

/// What a hash is of.
const OF_ID: u8 = 0;
const OF_CLERK_ID: u8 = 1;

/// The file of one run, which is only ever added to.
#[derive(Debug)]
pub struct StatesFile(File);

impl StatesFile {
    /// Opens the file to add to it, and makes it if it is not there. What a crash left of a group of lines is cut off.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !path.exists() {
            let file = create_private(path)?;
            sync_directory_of(path)?;
            return Ok(Self(file));
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let (mut whole, mut read) = (0, 0);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            let hole = memchr::memchr(0, &buffer[..count]);
            let sound = &buffer[..hole.unwrap_or(count)];
            whole = memchr::memrchr(b'\n', sound).map_or(whole, |end| read + end as u64 + 1);
            if hole.is_some() {
                break;
            }
            read += count as u64;
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        Ok(Self(file))
    }

    /// Adds these lines. They are durable when this returns.
    pub fn add<T: Serialize>(&mut self, changes: &[T]) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for change in changes {
            serde_json::to_writer(&mut text, change)?;
            text.push(b'\n');
        }
        self.0.write_all(&text)?;
        self.0.sync_all()
    }

    /// Reads the whole lines of a file, in order, up to what a crash left of a group of them; nothing if it is not there. A line that
    /// somebody damaged is an error.
    pub fn read<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(T) -> io::Result<()>) -> io::Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let (mut reader, mut line) = (BufReader::new(file), Vec::new());
        for number in 1.. {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            // What is not ended, or has zeros in it, was never durable, nor was what is behind it.
            if line.pop() != Some(b'\n') || memchr::memchr(0, &line).is_some() {
                break;
            }
            each(serde_json::from_slice(&line).map_err(|_| DamagedLine::error(path, number))?)?;
        }
        Ok(())
    }
}

/// What the last word of several runs about an identity is.
#[derive(Debug)]
pub struct ChangedStates {
    table: Table<ENTRY_BYTES>,
    lines: u64,
    first_file: Option<u32>,
}

impl ChangedStates {
    /// Reads the files at these paths, those of the oldest run first. Files without a name go to `directory`.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, directory: &Path) -> io::Result<Self> {
        let mut states = Self { table: Table::new(BUFFERED, directory.to_path_buf()), lines: 0, first_file: None };
        for (file, path) in (0..).zip(paths) {
            StatesFile::read(path.as_ref(), |change| states.add(file, &change))?;
        }
        Ok(states)
    }

    fn add(&mut self, file: u32, change: &StateChange) -> io::Result<()> {
        self.lines += 1;
        self.first_file.get_or_insert(file);
        for hash in [hash_of(OF_ID, &change.user.id), hash_of(OF_CLERK_ID, change.user.clerk_id.trim())] {
            let mut entry = [0; ENTRY_BYTES];
            entry[..HASH_BYTES].copy_from_slice(&hash);
            // The first entry of a hash is that of its last line.
            entry[HASH_BYTES..HASH_BYTES + 8].copy_from_slice(&(u64::MAX - self.lines).to_be_bytes());
            entry[HASH_BYTES + 8] = change.change.byte();
            entry[HASH_BYTES + 9..].copy_from_slice(&file.to_be_bytes());
            self.table.insert(entry)?;
        }
        Ok(())
    }

    /// What was last done about the identity with this id of the target's own.
    pub fn of_id(&self, id: &str) -> io::Result<Option<StateChangeKind>> {
        Ok(self.last_word(id)?.map(|(change, _)| change))
    }

    /// What was last done about the identity with this id of the target's own, and the number of the file that says so, from 0.
    pub(super) fn last_word(&self, id: &str) -> io::Result<Option<(StateChangeKind, usize)>> {
        self.find(hash_of(OF_ID, id))
    }

    /// The number of the first file in which anything stands.
    pub(super) fn first_file(&self) -> Option<usize> {
        self.first_file.map(|file| file as usize)
    }

    /// What was last done about an identity of the user with this id at Clerk.
    pub fn of_clerk_id(&self, clerk_id: &str) -> io::Result<Option<StateChangeKind>> {
        Ok(self.find(hash_of(OF_CLERK_ID, clerk_id))?.map(|(change, _)| change))
    }

    fn find(&self, hash: [u8; HASH_BYTES]) -> io::Result<Option<(StateChangeKind, usize)>> {
        let Some(entry) = self.table.find(&hash)? else { return Ok(None) };
        let file = u32::from_be_bytes(std::array::from_fn(|index| entry[HASH_BYTES + 9 + index]));
        Ok(StateChangeKind::of_byte(entry[HASH_BYTES + 8]).map(|change| (change, file as usize)))
    }
}
