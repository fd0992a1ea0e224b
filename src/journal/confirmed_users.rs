//! What a target confirmed: which users it has, and what they were when it last confirmed them. With it a
//! nightly run over a fresh export sends only what changed, and counts the rest nearly as fast as it is read.
//!
//! ```text
//! <runs-dir>/known-users-<target>/0000000001.sorted   entries: hash of the external id (8 bytes), content hash (16)
//!                                 0000000002.sorted   … confirmed later, which wins
//!                                 sample.json         some of the users, with the target's ids for them
//!                                 updating            the run that may be changing users right now
//! ```
//!
//! It only ever saves work. An entry is written after the target's answer is durable in the journal, so a crash loses
//! entries and never invents one; a user without an entry is sent and compared, as in the first run. What could make an
//! entry untrue is dealt with where it happens: undoing a run forgets the target as a whole, an update that was broken
//! off makes the next run forget it, and so does a shard, for shards go side by side and neither believe nor write any of
//! this; and before it is believed its sample is looked up at the target.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lock::target_digest;
use crate::files::{create_private_directory, put_private, replace_private, sync_directory_of};
use crate::index::{SortedFile, merge};

/// How the directory of what a target confirmed is called, within the one of the runs; the target's digest follows.
pub const CONFIRMED_USERS_PREFIX: &str = "known-users-";

/// How many users are looked up at the target before the rest is believed: one request. Half of them are of a fair sample
/// of all, the others are the newest: those are what a target lacks that was restored from a backup.
pub const SAMPLE_SIZE: usize = 100;

/// One user in so many may become part of the sample. A sample of a small tenant is smaller.
const SAMPLED: u8 = 8;

/// Entries that are kept in memory before they are written: 768 KiB. Nothing the program allocates is much larger, for
/// allocators keep what they once gave out in such sizes.
const BUFFERED: usize = 32 * 1024;

/// Sorted files that are merged into one when there are as many, so that few are open at once.
const FAN_IN: usize = 64;

const KEY_BYTES: usize = 8;
const CONTENT_BYTES: usize = 16;
const ENTRY_BYTES: usize = KEY_BYTES + CONTENT_BYTES;

type ConfirmedEntry = [u8; ENTRY_BYTES];

/// What a user was when the target confirmed it: a SHA-256 of the identity as it was sent, cut to 128 bits.
///
/// The identity holds its external id, so two users never have the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHash([u8; CONTENT_BYTES]);

impl ContentHash {
    /// Of nothing that is ever sent: for a user who is there, but not as any export has them.
    pub const NOTHING: Self = Self([0; CONTENT_BYTES]);

    /// The hash of an encoded identity.
    pub fn of(encoded: &[u8]) -> Self {
        Self(first_bytes(encoded))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A user who is at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedUser {
    key: [u8; KEY_BYTES],
    content: ContentHash,
    /// The external id and the target's own id, of a few users: names of everybody would cost more than all the rest.
    names: Option<(Box<str>, Box<str>)>,
    /// It was just created.
    is_newest: bool,
    /// The external id that a user had, the one they have since, and the target's own id.
    renamed: Option<(Box<str>, Box<str>, Box<str>)>,
}

impl ConfirmedUser {
    /// The user with this external id and this id at the target, who was confirmed to be this.
    pub fn new(external_id: &str, id: &str, content: ContentHash) -> Self {
        let key = key(external_id);
        let names = may_be_sampled(key).then(|| (external_id.into(), id.into()));
        Self { key, content, names, is_newest: false, renamed: None }
    }

    /// The user with this external id is not as any export has them, and perhaps not there: they are asked about.
    pub fn nothing(external_id: &str) -> Self {
        Self { key: key(external_id), content: ContentHash::NOTHING, names: None, is_newest: false, renamed: None }
    }

    /// The user with this id at the target has the second external id now in place of the first, and is not to be looked for
    /// under that.
    pub fn renamed(from: &str, to: &str, id: &str) -> Self {
        Self { renamed: Some((from.into(), to.into(), id.into())), ..Self::nothing(from) }
    }

    /// This one was just created, the last of several: it is kept by name, to be looked up before the others are believed.
    #[must_use]
    pub fn newest(self, external_id: &str, id: &str) -> Self {
        Self { names: Some((external_id.into(), id.into())), is_newest: true, ..self }
    }
}

/// What one target confirmed. Errors need not stop a run: users that are not in here are asked about.
#[derive(Debug)]
pub struct ConfirmedUsers {
    directory: PathBuf,
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
        let files = users.files()?;
        users.written = files.last().map_or(0, |(number, _)| *number);
        if files.len() > 1 {
            users.merge(&files)?;
        }
        Ok(users)
    }

    /// Forgets all about a target.
    pub fn forget(runs: &Path, target: &str) -> io::Result<()> {
        remove(&Self::directory(runs, target))
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
        remove(&directory)?;
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
        let files = self.files()?;
        let newest = files.first().map(|(_, path)| SortedFile::open(path)).transpose()?;
        // What cannot be checked is not believed.
        let newest = newest.filter(|_| !self.sample.is_empty());
        Ok(newest.filter(|users| !users.is_empty()).map(|users| ConfirmedLookup { users }))
    }

    /// Takes in what the target confirmed, and writes it once there is enough of it.
    pub fn add(&mut self, confirmed: Vec<ConfirmedUser>) -> io::Result<()> {
        for ConfirmedUser { key, content, names, is_newest, renamed } in confirmed {
            if let Some((from, to, id)) = &renamed {
                self.rename(from, to, id);
            }
            let mut entry = [0; ENTRY_BYTES];
            entry[..KEY_BYTES].copy_from_slice(&key);
            entry[KEY_BYTES..].copy_from_slice(&content.0);
            self.buffer.push(entry);
            let Some((external_id, id)) = names.map(|(external_id, id)| (String::from(external_id), String::from(id)))
            else {
                continue;
            };
            if is_newest {
                self.newest.push_back((external_id.clone(), id.clone()));
                if self.newest.len() > SAMPLE_SIZE / 2 {
                    self.newest.pop_front();
                }
            }
            if may_be_sampled(key) {
                self.sample.insert(key, (external_id, id));
                if self.sample.len() > SAMPLE_SIZE {
                    self.sample.pop_last();
                }
            }
        }
        if self.buffer.len() >= BUFFERED { self.write() } else { Ok(()) }
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
        let files = self.files()?;
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
        let path = self.directory.join(format!("{:010}.sorted", self.written + 1));
        put_private(&path, |file| SortedFile::write(file, entries))?;
        self.written += 1;
        Ok(())
    }

    /// The sorted files, the oldest first.
    fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(number) = name.strip_suffix(".sorted").and_then(|number| number.parse().ok()) {
                files.push((number, path));
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

/// Looks users up. Shared by all mapper workers.
#[derive(Debug)]
pub struct ConfirmedLookup {
    users: SortedFile<ENTRY_BYTES>,
}

impl ConfirmedLookup {
    /// Whether the target is known to have this user with exactly this content.
    pub fn is_confirmed(&self, external_id: &str, content: ContentHash) -> bool {
        match self.users.find(&key(external_id)) {
            Ok(found) => found.is_some_and(|entry| entry[KEY_BYTES..] == content.0),
            Err(error) => {
                tracing::debug!(%error, "a known user could not be looked up");
                false
            }
        }
    }
}

/// Whether a user may become part of the fair sample.
fn may_be_sampled(key: [u8; KEY_BYTES]) -> bool {
    key[0] < u8::MAX / SAMPLED
}

/// Removes what a kill left behind of files that were not put in place yet. Nobody else is at it: the target is locked.
fn remove_leftovers(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes a directory as a whole or not at all: what is left of it must not be taken for all of it.
fn remove(directory: &Path) -> io::Result<()> {
    let doomed = directory.with_extension("forgotten");
    let cleared = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    cleared(std::fs::remove_dir_all(&doomed))?;
    cleared(std::fs::rename(directory, &doomed))?;
    sync_directory_of(directory)?;
    cleared(std::fs::remove_dir_all(&doomed))
}

fn key(external_id: &str) -> [u8; KEY_BYTES] {
    first_bytes(external_id.as_bytes())
}

/// The first bytes of a SHA-256.
fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(number: usize, content: &str) -> ConfirmedUser {
        ConfirmedUser::new(&format!("user_{number}"), &format!("usr_{number}"), ContentHash::of(content.as_bytes()))
    }

    #[test]
    fn what_was_learned_last_is_known_and_nothing_else() {
        let runs = tempfile::tempdir().unwrap();
        let mut users = ConfirmedUsers::open(runs.path(), "https://one.example").unwrap();
        assert!(users.lookup().unwrap().is_none());
        users.add((0..BUFFERED).map(|number| confirmed(number, "old")).collect()).unwrap();
        users.add(vec![confirmed(7, "newer"), confirmed(7, "newest"), confirmed(9, "newest")]).unwrap();
        users.write().unwrap();
        users.add(vec![confirmed(9, "old")]).unwrap();
        users.write().unwrap();
        assert_eq!(users.files().unwrap().len(), 3);
        drop(users);
        let users = ConfirmedUsers::open(runs.path(), "https://one.example").unwrap();
        assert_eq!(users.files().unwrap().len(), 1, "they are merged");
        let lookup = users.lookup().unwrap().unwrap();
        assert_eq!(lookup.users.len(), BUFFERED as u64);
        let contents = |name: &str| {
            ["old", "newer", "newest"].map(|content| lookup.is_confirmed(name, ContentHash::of(content.as_bytes())))
        };
        assert_eq!(contents("user_8"), [true, false, false]);
        assert_eq!(contents("user_7"), [false, false, true]);
        assert_eq!(contents("user_9"), [true, false, false]);
        assert_eq!(contents("user_x"), [false, false, false]);
        let other = ConfirmedUsers::open(runs.path(), "https://two.example").unwrap();
        assert!(other.lookup().unwrap().is_none());
        ConfirmedUsers::forget(runs.path(), "https://one.example").unwrap();
        assert!(ConfirmedUsers::open(runs.path(), "https://one.example").unwrap().lookup().unwrap().is_none());
    }

    #[test]
    fn the_sample_is_small_true_and_spread_over_all() {
        let runs = tempfile::tempdir().unwrap();
        for group in 0..4 {
            let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
            users.add((0..5000).map(|number| confirmed(group * 5000 + number, "")).collect()).unwrap();
            users.write().unwrap();
        }
        let users = ConfirmedUsers::open(runs.path(), "target").unwrap();
        assert_eq!(users.sample().count(), SAMPLE_SIZE);
        let number = |external_id: &str| external_id.trim_start_matches("user_").parse::<usize>().unwrap();
        assert!(users.sample().all(|(external_id, id)| *id == format!("usr_{}", number(external_id))));
        for group in 0..4 {
            let from_group = users.sample().filter(|(external_id, _)| number(external_id) / 5000 == group).count();
            assert!(from_group > 5, "{from_group} of group {group}");
        }
    }

    #[test]
    fn what_is_damaged_is_forgotten_as_a_whole() {
        for name in ["0000000001.sorted", "sample.json"] {
            let runs = tempfile::tempdir().unwrap();
            let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
            for content in ["old", "new"] {
                users.add((0..100).map(|number| confirmed(number, content)).collect()).unwrap();
                users.write().unwrap();
            }
            std::fs::write(users.directory.join(name), "{\"torn").unwrap();
            let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
            assert!(users.lookup().unwrap().is_none() && users.sample().next().is_none());
            users.add((0..100).map(|number| confirmed(number, "")).collect()).unwrap();
            users.write().unwrap();
            assert!(users.sample().count() > 5);
        }
    }

    #[test]
    fn a_run_that_may_change_users_is_remembered_until_it_is_over() {
        let runs = tempfile::tempdir().unwrap();
        let users = ConfirmedUsers::open(runs.path(), "target").unwrap();
        assert_eq!(users.updating().unwrap(), None);
        users.note_updating(Some("one")).unwrap();
        assert_eq!(users.updating().unwrap().as_deref(), Some("one"));
        users.note_updating(None).unwrap();
        users.note_updating(None).unwrap();
        assert_eq!(users.updating().unwrap(), None);
        users.note_updating(Some("two")).unwrap();
        assert_eq!(users.recreate_empty().unwrap().updating().unwrap(), None);
    }
}
