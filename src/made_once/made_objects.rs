//! What was made at one target, for one command at a time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{AppliedError, MadeObject};
use crate::files::{create_private_directory, remove_leftovers, replace_private, sync_directory_of};
use crate::hexadecimal::hexadecimal;
use crate::journal::{Lock, target_digest};

/// How the directory of the clients of a target is called; the target's digest follows.
pub const APPS_PREFIX: &str = "apps-";

/// How the directory of the webhooks' endpoints of a target is called.
pub const WEBHOOKS_PREFIX: &str = "webhooks-";

/// All of these.
pub const PREFIXES: [&str; 2] = [APPS_PREFIX, WEBHOOKS_PREFIX];

/// What was made at one target. No other command can change it as long as this lives.
#[derive(Debug)]
pub struct MadeObjects {
    directory: PathBuf,
    mark: String,
    _lock: Lock,
}

impl MadeObjects {
    /// Opens what is remembered of the objects at a target. `prefix` says which objects, as in `apps-`, and `purpose` is what
    /// another command hears that wants them meanwhile.
    pub fn open(runs: &Path, prefix: &str, target: &str, purpose: &str) -> Result<Self, AppliedError> {
        let directory = runs.join(format!("{prefix}{}", target_digest(target)));
        let failed = |source| AppliedError::Memory { path: directory.clone(), source };
        create_private_directory(&directory).map_err(failed)?;
        let lock = Lock::take(&directory.join("lock"), purpose)?;
        remove_leftovers(&directory).map_err(failed)?;
        let mark = mark(&directory.join("mark")).map_err(failed)?;
        Ok(Self { directory, mark, _lock: lock })
    }

    /// Who made them. It goes into each object at the target, where that has a place for it.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// A file of the directory that is no object.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What is remembered of an object.
    pub fn get(&self, id: &str) -> Result<Option<MadeObject>, AppliedError> {
        let path = self.path(id);
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AppliedError::Memory { path, source }),
            Ok(text) => read(&path, &text).map(Some),
        }
    }

    /// Remembers an object. Durable when this returns.
    pub fn put(&self, object: &MadeObject) -> Result<(), AppliedError> {
        let path = self.path(&object.id);
        let written = replace_private(&path, |file| serde_json::to_writer(file, object).map_err(Into::into));
        written.map_err(|source| AppliedError::Memory { path, source })
    }

    /// Forgets an object, which is at the target no more. Durable when this returns.
    pub fn remove(&self, id: &str) -> Result<(), AppliedError> {
        let path = self.path(id);
        let removed = match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_directory_of(&path),
        };
        removed.map_err(|source| AppliedError::Memory { path, source })
    }

    /// All objects, in no order, one at a time: there may be many. Those that are removed meanwhile may be left out.
    pub fn each(&self) -> Result<impl Iterator<Item = Result<MadeObject, AppliedError>>, AppliedError> {
        let failed = |source| AppliedError::Memory { path: self.directory.clone(), source };
        let entries = std::fs::read_dir(&self.directory).map_err(failed)?;
        let directory = self.directory.clone();
        Ok(entries.filter_map(move |entry| {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(source) => return Some(Err(AppliedError::Memory { path: directory.clone(), source })),
            };
            if !is_object(&path) {
                return None;
            }
            match std::fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(source) => Some(Err(AppliedError::Memory { path, source })),
                Ok(text) => Some(read(&path, &text)),
            }
        }))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(name_of(id))
    }
}

/// An id may be anything, and a name of a file may not.
fn name_of(id: &str) -> String {
    format!("{}.json", hexadecimal(&Sha256::digest(id.as_bytes())[..16]))
}

fn is_object(path: &Path) -> bool {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let is_digest = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest && path.extension().is_some_and(|extension| extension == "json")
}

fn read(path: &Path, text: &[u8]) -> Result<MadeObject, AppliedError> {
    let damaged = |problem: &str| AppliedError::Damaged { path: path.to_path_buf(), problem: problem.to_owned() };
    let object: MadeObject = serde_json::from_slice(text).map_err(|_| damaged("it is not what was written"))?;
    let is_its_own = path.file_name().is_some_and(|name| *name == *name_of(&object.id));
    if is_its_own { Ok(object) } else { Err(damaged("it is the file of another object")) }
}

/// The mark that is there, or a new one.
fn mark(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mark = uuid::Uuid::new_v4().simple().to_string();
            replace_private(path, |file: &mut io::BufWriter<File>| io::Write::write_all(file, mark.as_bytes()))?;
            Ok(mark)
        }
        Err(error) => Err(error),
        Ok(text) if text.trim().len() == 32 => Ok(text.trim().to_owned()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the file `mark` in it is not what was written")),
    }
}
