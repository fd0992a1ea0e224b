//! Locks against two runs on the same directory or the same target from one host. Shards of one import share the lock of
//! their target, and each has a lock of its own there.
//!
//! The operating system's advisory lock does the work: it is gone with the process that held it, however that ended, so
//! there are no stale locks. The file's content only says who the holder is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::create_private_directory;
use crate::source::Shard;

/// A lock that is held as long as this lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    /// Of a shard: its own, beside the one that it shares with the others.
    _own: Option<Box<Lock>>,
}

/// Why a lock is not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another run holds the lock `{path}` ({holder}); wait for it to end, or end it")]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the holder wrote into it.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock `{path}`: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock at this path, or says who holds it.
    pub fn take(path: &Path, purpose: &str) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_path_buf(), source };
        let mut file = open(path)?;
        if !for_a_moment(|| file.try_lock()).map_err(failed)? {
            return Err(held(&mut file, path));
        }
        sign(&mut file, purpose).map_err(failed)?;
        Ok(Self { _file: file, _own: None })
    }

    /// Whether somebody holds the lock at this path right now. Nothing is written.
    pub fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock of a target, which all runs of this user on this host share.
    pub fn take_target(target: &str, purpose: &str) -> Result<Self, LockError> {
        Self::take(&target_lock(target, "")?, purpose)
    }

    /// Takes the lock of a target together with the other shards of the same work, which `whole` names, and with nobody
    /// else; and this shard's own lock, so that none of them runs twice at once.
    pub fn take_target_for_shard(target: &str, shard: Shard, whole: &str) -> Result<Self, LockError> {
        let part = format!("-{}of{}", shard.number(), shard.of());
        let own = Self::take(&target_lock(target, &part)?, &format!("shard {shard}"))?;
        let path = target_lock(target, "")?;
        let file = take_shared(&path, &format!("import in {} shards, {whole}", shard.of()))?;
        Ok(Self { _file: file, _own: Some(Box::new(own)) })
    }
}

/// Takes a lock that those share who give the same purpose. Whoever is alone says what it is for; after that it cannot be
/// changed before the last one is gone.
fn take_shared(path: &Path, purpose: &str) -> Result<File, LockError> {
    let failed = |source| LockError::Io { path: path.to_path_buf(), source };
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {
            sign(&mut file, purpose).map_err(failed)?;
            file.unlock().map_err(failed)?;
        }
        // Somebody is there, or is looking.
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // In between anybody may have come: what is written there now counts.
    if !for_a_moment(|| file.try_lock_shared()).map_err(failed)? || !holder(&mut file).contains(purpose) {
        return Err(held(&mut file, path));
    }
    Ok(file)
}

/// Opens a lock file, and makes it if it is not there.
fn open(path: &Path) -> Result<File, LockError> {
    let failed = |source| LockError::Io { path: path.to_path_buf(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What is at the end of a link is not ours to write to.
    if path.is_symlink() {
        return Err(failed(io::Error::other("it is a symbolic link")));
    }
    options.open(path).map_err(failed)
}

/// Says who holds the lock.
fn sign(file: &mut File, purpose: &str) -> io::Result<()> {
    let now = jiff::Timestamp::now().strftime("%F %T UTC");
    let holder = format!("process {}, {purpose}, since {now}\n", std::process::id());
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(holder.as_bytes())
}

/// What the holder says. Whatever cannot be read is not worth failing for: the lock is held.
fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    drop(file.seek(SeekFrom::Start(0)).and_then(|_| file.take(200).read_to_string(&mut holder)));
    holder.trim().chars().filter(|character| !character.is_control()).collect()
}

fn held(file: &mut File, path: &Path) -> LockError {
    LockError::Held { path: path.to_path_buf(), holder: holder(file) }
}

/// The path of a target's lock.
fn target_lock(target: &str, part: &str) -> Result<PathBuf, LockError> {
    let directory = shared_directory();
    let path = directory.join(format!("{}{part}.lock", target_digest(target)));
    create_private_directory(&directory).map_err(|source| LockError::Io { path: path.clone(), source })?;
    Ok(path)
}

/// Where all runs of this user on this host meet, whatever directory they are started in. Not the directory for temporary
/// files: everybody can put something there under a name that is known, and each service may have its own.
fn shared_directory() -> PathBuf {
    match std::env::home_dir().filter(|home| home.is_dir()) {
        Some(home) => home.join(".local/state/avnology-migrate/locks"),
        None => std::env::temp_dir().join("avnology-migrate-locks"),
    }
}

/// A target's name in the names of files.
pub(super) fn target_digest(target: &str) -> String {
    Sha256::digest(target).iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Tries a few times: whoever only looks at a lock ([`Lock::is_held`]) is in the way for an instant.
fn for_a_moment(take: impl Fn() -> Result<(), TryLockError>) -> io::Result<bool> {
    const ATTEMPTS: u32 = 5;
    for attempt in 1..=ATTEMPTS {
        match take() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Ok(false)
}
