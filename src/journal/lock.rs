//! Locks against two runs on the same directory or the same target from one host.
//!
//! The operating system's advisory lock does the work: it is gone with the process that held it, however that ended, so
//! there are no stale locks. The file's content only says who the holder is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::create_private_directory;

/// A lock that is held as long as this lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // What is at the end of a link is not ours to write to.
        if path.is_symlink() {
            return Err(failed(io::Error::other("it is a symbolic link")));
        }
        let mut file = options.open(path).map_err(failed)?;
        if !try_for_a_moment(&file).map_err(failed)? {
            let mut holder = String::new();
            // Whatever cannot be read is not worth failing for: the lock is held.
            drop((&mut file).take(200).read_to_string(&mut holder));
            let holder = holder.trim().chars().filter(|character| !character.is_control()).collect();
            return Err(LockError::Held { path: path.to_path_buf(), holder });
        }
        let holder = format!(
            "process {}, {purpose}, since {}\n",
            std::process::id(),
            jiff::Timestamp::now().strftime("%F %T UTC")
        );
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(holder.as_bytes()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }

    /// Whether somebody holds the lock at this path right now. Nothing is written.
    pub fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock of a target, which all runs of this user on this host share.
    pub fn take_target(target: &str, purpose: &str) -> Result<Self, LockError> {
        let (directory, name) = (shared_directory(), format!("{}.lock", target_digest(target)));
        let path = directory.join(name);
        create_private_directory(&directory).map_err(|source| LockError::Io { path: path.clone(), source })?;
        Self::take(&path, purpose)
    }
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
fn try_for_a_moment(file: &File) -> io::Result<bool> {
    const ATTEMPTS: u32 = 5;
    for attempt in 1..=ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Ok(false)
}
