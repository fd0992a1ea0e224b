//! The memory of what one target confirmed.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::confirmed_record::may_be_sampled;
use super::entry::{ConfirmedEntry, ENTRY_BYTES, KEY_BYTES, key};
use super::{ConfirmedLookup, ConfirmedRecord};
use crate::files::{create_private_directory, put_private, remove_directory, remove_leftovers, replace_private};
use crate::index::{SortedFile, merge, sorted_files, sorted_path};
use crate::journal::target_digest;

/// How the directory of what a target confirmed is called, within the one of the runs; the target's digest follows.
pub const CONFIRMED_USERS_PREFIX: &str = "known-users-";

/// How many users are looked up at the target before the rest is believed: one request. Half of them are of a fair sample
/// of all, the others are the newest: those are what a target lacks that was restored from a backup.
pub const SAMPLE_SIZE: usize = 100;

/// Entries that are kept in memory before they are written: 768 KiB. Nothing the program allocates is much larger, for
/// allocators keep what they once gave out in such sizes.
pub(super) const BUFFERED: usize = 32 * 1024;

/// Sorted files that are merged into one when there are as many, so that few are open at once.
const FAN_IN: usize = 64;

/// What one target confirmed. Errors need not stop a run: users that are not in here are asked about.
#[derive(Debug)]
pub struct ConfirmedUsers {
    pub(super) directory: PathBuf,
    /// The number of the last sorted file.
    written: u64,
    /// What was confirmed since then, in that order.
    buffer: Vec<ConfirmedEntry>,
    /// External ids and the target's ids, by key: the smallest keys, and so a fair sample of all.
    sample: BTreeMap<[u8; KEY_BYTES], (String, String)>,
    /// External ids and the target's ids of the users created last.
    newest: VecDeque<(String, String)>,
}

/// What is written of them.
#[derive(Default, Serialize, Deserialize)]
struct Samples {
    fair: Vec<(String, String)>,
    newest: VecDeque<(String, String)>,
}

impl ConfirmedUsers {
    /// Opens what a target confirmed. What cannot be read is forgotten.
    pub fn open(runs: &Path, target: &str) -> io::Result<Self> {
        let directory = Self::directory(runs, target);
        create_private_directory(&directory)?;
        match Self::read(&directory) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(%error, "what is known of the target is damaged and is forgotten");
                Self::create_empty(directory)
            }
            read => read,
        }
    }

    fn read(directory: &Path) -> io::Result<Self> {
        let Samples { fair, newest } = match std::fs::read(directory.join("sample.json")) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Samples::default(),
            Err(error) => return Err(error),
        };
        let sample = fair.into_iter().map(|(external_id, id)| (key(&external_id), (external_id, id))).collect();
        remove_leftovers(directory)?;
        let mut users = Self { directory: directory.to_path_buf(), written: 0, buffer: Vec::new(), sample, newest };
        let files = sorted_files(&users.directory)?;
        users.written = files.last().map_or(0, |(number, _)| *number);
        if files.len() > 1 {
            users.merge(&files)?;
        }
        Ok(users)
    }

    /// Forgets all about a target.
    pub fn forget(runs: &Path, target: &str) -> io::Result<()> {
        remove_directory(&Self::directory(runs, target))
    }

    /// Marks all as stale that a target confirmed before run `run`, which may change users and does not record it here.
    /// Other runs may be doing the same.
    pub fn mark_stale(runs: &Path, target: &str, run: &str) -> io::Result<()> {
        let directory = Self::directory(runs, target);
        if !directory.exists() {
            return Ok(());
        }
        Self::new(directory).note_updating(Some(run))
    }

    /// Nothing is known.
    fn new(directory: PathBuf) -> Self {
        Self { directory, written: 0, buffer: Vec::new(), sample: BTreeMap::new(), newest: VecDeque::new() }
    }

    fn directory(runs: &Path, target: &str) -> PathBuf {
        runs.join(format!("{CONFIRMED_USERS_PREFIX}{}", target_digest(target)))
    }

    /// Removes all of it, and begins again with nothing.
    pub fn recreate_empty(self) -> io::Result<Self> {
        Self::create_empty(self.directory)
    }

    fn create_empty(directory: PathBuf) -> io::Result<Self> {
        remove_directory(&directory)?;
        create_private_directory(&directory)?;
        Ok(Self::new(directory))
    }

    /// The run that may have changed users since their entries were written.
    pub fn updating(&self) -> io::Result<Option<String>> {
        match std::fs::read_to_string(self.directory.join("updating")) {
            Ok(run) => Ok(Some(run.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes that run `run` may change users, or that no run does any more.
    pub fn note_updating(&self, run: Option<&str>) -> io::Result<()> {
        let path = self.directory.join("updating");
        match run {
            Some(run) => replace_private(&path, |file| io::Write::write_all(file, run.as_bytes())),
            None => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// Some of the users that are known, with the target's ids for them: one of the newest and one of all, in turn.
    pub fn sample(&self) -> impl Iterator<Item = &(String, String)> {
        let (mut newest, mut fair, mut turn) = (self.newest.iter().rev(), self.sample.values(), false);
        std::iter::from_fn(move || {
            turn = !turn;
            if turn { newest.next().or_else(|| fair.next()) } else { fair.next().or_else(|| newest.next()) }
        })
    }

    /// For looking users up as they were known when this was opened; `None` if there were none.
    pub fn lookup(&self) -> io::Result<Option<ConfirmedLookup>> {
        let files = sorted_files(&self.directory)?;
        let newest = files.first().map(|(_, path)| SortedFile::open(path)).transpose()?;
        // What cannot be checked is not believed.
        let newest = newest.filter(|_| !self.sample.is_empty());
        Ok(newest.filter(|users| !users.is_empty()).map(|users| ConfirmedLookup { users }))
    }

    /// The file beside it that says which records of an export these users are.
    pub fn records_path(&self) -> PathBuf {
        self.directory.join("records")
    }

    /// What is known now, in a few words: another one as soon as something was added. All of it is in one file then.
    pub fn state(&mut self) -> io::Result<String> {
        self.write()?;
        let files = sorted_files(&self.directory)?;
        if files.len() > 1 {
            self.merge(&files)?;
        }
        let files = sorted_files(&self.directory)?;
        let newest = files.last().map(|(number, path)| Ok::<_, io::Error>((number, path.metadata()?.len())));
        Ok(newest.transpose()?.map_or_else(String::new, |(number, bytes)| format!("{number}:{bytes}")))
    }

    /// Takes in what the target confirmed, and writes it once there is enough of it.
    pub fn add(&mut self, confirmed: impl IntoIterator<Item = ConfirmedRecord>) -> io::Result<()> {
        for ConfirmedRecord { key, content, names, is_newest, renamed, record: _ } in confirmed {
            if let Some((from, to, id)) = &renamed {
                self.rename(from, to, id);
            }
            let mut entry = [0; ENTRY_BYTES];
            entry[..KEY_BYTES].copy_from_slice(&key);
            entry[KEY_BYTES..].copy_from_slice(&content.0);
            self.buffer.push(entry);
            if let Some((external_id, id)) = names {
                self.name(key, is_newest, (external_id.into(), id.into()));
            }
            if self.buffer.len() >= BUFFERED {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Keeps a user by name, if it is one of the newest or of the sample.
    fn name(&mut self, key: [u8; KEY_BYTES], is_newest: bool, names: (String, String)) {
        if is_newest {
            self.newest.push_back(names.clone());
            if self.newest.len() > SAMPLE_SIZE / 2 {
                self.newest.pop_front();
            }
        }
        if may_be_sampled(key) {
            self.sample.insert(key, names);
            if self.sample.len() > SAMPLE_SIZE {
                self.sample.pop_last();
            }
        }
    }

    /// What is looked up at the target is looked up under the external id that it has now. Somebody else may have got the one
    /// it had.
    fn rename(&mut self, from: &str, to: &str, id: &str) {
        if self.sample.get(&key(from)).is_some_and(|(_, sampled)| sampled == id) {
            self.sample.remove(&key(from));
        }
        for (external_id, _) in self.newest.iter_mut().filter(|(external_id, own)| external_id == from && own == id) {
            to.clone_into(external_id);
        }
    }

    /// Writes what was taken in.
    pub fn write(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        // First the sample: without one, nothing is believed.
        let samples = Samples { fair: self.sample.values().cloned().collect(), newest: self.newest.clone() };
        replace_private(&self.directory.join("sample.json"), |file| Ok(serde_json::to_writer(file, &samples)?))?;
        let mut entries = std::mem::take(&mut self.buffer);
        entries.sort_by(|one, other| one[..KEY_BYTES].cmp(&other[..KEY_BYTES]));
        // The sort is stable: of one user's entries the last one is the newest.
        let newest = entries.chunk_by(|one, other| one[..KEY_BYTES] == other[..KEY_BYTES]);
        self.write_file(newest.filter_map(|same| same.last().copied().map(Ok)))?;
        entries.clear();
        self.buffer = entries;
        let files = sorted_files(&self.directory)?;
        if files.len() < FAN_IN { Ok(()) } else { self.merge(&files) }
    }

    /// Puts sorted files into one; of a user's entries the one in the newest file counts.
    fn merge(&mut self, files: &[(u64, PathBuf)]) -> io::Result<()> {
        let sources = files.iter().map(|(_, path)| SortedFile::open(path)).collect::<io::Result<Vec<_>>>()?;
        let mut merged = merge(sources.iter().map(SortedFile::<ENTRY_BYTES>::entries)).peekable();
        let newest = std::iter::from_fn(move || {
            let (mut entry, mut source) = match merged.next()? {
                Ok(first) => first,
                Err(error) => return Some(Err(error)),
            };
            let same = |entry: &ConfirmedEntry, other: &ConfirmedEntry| entry[..KEY_BYTES] == other[..KEY_BYTES];
            while let Some(Ok((other, from))) =
                merged.next_if(|next| matches!(next, Ok((other, _)) if same(&entry, other)))
            {
                if from > source {
                    (entry, source) = (other, from);
                }
            }
            Some(Ok(entry))
        });
        self.write_file(newest)?;
        // If this is broken off, the files left over are older than the new one, which wins against them.
        files.iter().try_for_each(|(_, path)| std::fs::remove_file(path))
    }

    /// Writes the next sorted file; it is there as a whole or not at all.
    fn write_file(&mut self, entries: impl Iterator<Item = io::Result<ConfirmedEntry>>) -> io::Result<()> {
        let path = sorted_path(&self.directory, self.written + 1);
        put_private(&path, |file| SortedFile::write(file, entries))?;
        self.written += 1;
        Ok(())
    }
}
