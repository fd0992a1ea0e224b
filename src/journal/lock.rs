//! Locks against two runs on the same directory or the same target from one host. Shards of one import share the lock of
//! their target, and each has a lock of its own there.
//!
//! The operating system's advisory lock does the work: it is gone with the process that held it, however that ended, so
//! there are no stale locks. The file's content only says who the holder is.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use url::{Host, Url};

use crate::files::{create_private_directory, private_options};
use crate::hexadecimal::hexadecimal;
use crate::ignore::ignore;
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
    #[error("cannot lock `{path}`: {}{}", reason(path, source), advice(path, source))]
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
    pub fn take_target(locks: &LockDirectory, target: &str, purpose: &str) -> Result<Self, LockError> {
        Self::take(&locks.of_target(target, "")?, purpose)
    }

    /// Takes the lock of a target together with the other shards of the same work, which `whole` names, and with nobody
    /// else; and this shard's own lock, so that none of them runs twice at once.
    pub fn take_target_for_shard(
        locks: &LockDirectory,
        target: &str,
        shard: Shard,
        whole: &str,
    ) -> Result<Self, LockError> {
        let part = format!("-{}of{}", shard.number(), shard.of());
        let own = Self::take(&locks.of_target(target, &part)?, &format!("shard {shard}"))?;
        let path = locks.of_target(target, "")?;
        let file = take_shared(&path, &format!("import in {} shards, {whole}", shard.of()))?;
        Ok(Self { _file: file, _own: Some(Box::new(own)) })
    }
}

/// Takes a lock that those share who give the same purpose. A holder who is alone says what it is for; after that it cannot be
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
    // What is at the end of a link is not ours to write to.
    if path.is_symlink() {
        return Err(failed(io::Error::other("it is a symbolic link")));
    }
    private_options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)
}

/// Says who holds the lock.
fn sign(file: &mut File, purpose: &str) -> io::Result<()> {
    let now = jiff::Timestamp::now().strftime("%F %T UTC");
    let holder = format!("process {}, {purpose}, since {now}\n", std::process::id());
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(holder.as_bytes())
}

/// What the holder says.
fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(200).read_to_string(&mut holder));
    ignore(read, "the lock is held, even if nobody can read by whom");
    holder.trim().chars().filter(|character| !character.is_control()).collect()
}

fn held(file: &mut File, path: &Path) -> LockError {
    LockError::Held { path: path.to_path_buf(), holder: holder(file) }
}

/// The directory of the locks of targets, where all runs of this user on this host meet, no matter in which directory they are
/// started.
#[derive(Clone, Debug)]
pub struct LockDirectory {
    path: PathBuf,
}

impl LockDirectory {
    /// The user's: within `state_home`, if the user has said where programs keep their state, else in the home directory.
    /// Without a home it is the directory for temporary files, where everybody can put something under a name that is known,
    /// and where each service may have its own.
    pub fn of_user(state_home: Option<PathBuf>) -> Self {
        let of_home = || std::env::home_dir().filter(|home| home.is_dir()).map(|home| home.join(".local/state"));
        let path = match state_home.or_else(of_home) {
            Some(state) => state.join("avnology-migrate/locks"),
            None => std::env::temp_dir().join("avnology-migrate-locks"),
        };
        Self { path }
    }

    /// The path of a target's lock.
    fn of_target(&self, target: &str, part: &str) -> Result<PathBuf, LockError> {
        let digest = target_digest(&canonical_name(target));
        let path = self.path.join(format!("{digest}{part}.lock"));
        let failed = |source| LockError::Io { path: path.clone(), source };
        create_private_directory(&self.path).map_err(failed)?;
        if is_shared(&self.path).map_err(failed)? {
            return Err(failed(io::Error::other("others can write to its directory, and could take the lock away")));
        }
        Ok(path)
    }
}

/// One name for one target, by any of its names: an import to `localhost` and one to `127.0.0.1` meet,
/// and so do two over one database.
fn canonical_name(target: &str) -> String {
    if let Some(database) = target.strip_prefix("sandbox:") {
        let path = std::fs::canonicalize(database).unwrap_or_else(|_| PathBuf::from(database));
        return format!("sandbox:{}", path.display());
    }
    let Ok(url) = Url::parse(target) else { return target.to_owned() };
    let host = match url.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => "localhost".to_owned(),
        Some(Host::Ipv6(address)) if address.to_canonical().is_loopback() => "localhost".to_owned(),
        Some(Host::Domain(name)) => match name.trim_end_matches('.') {
            name if name.ends_with(".localhost") => "localhost".to_owned(),
            name => name.to_owned(),
        },
        host => host.map_or_else(String::new, |host| host.to_string()),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}://{host}:{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

/// Whether others can write to the directory.
#[cfg(unix)]
fn is_shared(directory: &Path) -> io::Result<bool> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(directory)?.permissions());
    Ok(mode & 0o022 != 0)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn is_shared(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Why a lock cannot be used.
fn reason(path: &Path, source: &io::Error) -> String {
    if path.is_dir() { "it is a directory".to_owned() } else { source.to_string() }
}

/// What to do about a lock that cannot be used.
fn advice(path: &Path, source: &io::Error) -> &'static str {
    match source.kind() {
        _ if path.is_dir() => "; a lock is a file, which keeps two commands from one run: move it away",
        // That of a run, in its directory.
        io::ErrorKind::PermissionDenied if path.file_name().is_some_and(|name| name == "lock") => {
            "; it keeps two commands from one run: let the user of this command write to the run's directory"
        }
        io::ErrorKind::StorageFull => "; make room there",
        _ => "; set XDG_STATE_HOME to a directory of your own that can be written to, the same one for every run",
    }
}

/// A target's name in the names of files.
pub(crate) fn target_digest(target: &str) -> String {
    hexadecimal(&Sha256::digest(target)[..8])
}

/// Tries a few times: a process that only looks at a lock ([`Lock::is_held`]) is in the way for an instant.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_has_one_name() {
        let local = canonical_name("http://127.0.0.1:4455/");
        for name in [
            "http://localhost:4455",
            "http://LOCALHOST.:4455/",
            "http://[::1]:4455",
            "http://127.1.2.3:4455",
            "http://[::ffff:127.0.0.1]:4455",
            "http://id.localhost:4455",
        ] {
            assert_eq!(canonical_name(name), local, "{name}");
        }
        let real = canonical_name("https://api-id.avnology.net");
        assert_eq!(canonical_name("https://api-id.avnology.net.:443/"), real);
        for other in [
            "http://127.0.0.1:4456",
            "https://127.0.0.1:4455",
            "https://id.avnology.net",
            "https://api-id.avnology.net/eu",
        ] {
            assert!(![&local, &real].contains(&&canonical_name(other)), "{other}");
        }
    }
}
