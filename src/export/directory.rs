//! The directory of an export and the names in it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Compression, ExportKind};
use crate::files::{create_private_directory, directory_of};

/// Appears last: an export without it is not finished.
const MANIFEST: &str = "manifest.json";

/// What a killed export goes on from. It is gone when the export is finished.
const STATE: &str = "export-state.json";

/// The users of earlier exports who are not at Clerk any more.
const DELETED: &str = "deleted_users.ndjson";

const LOCK: &str = "lock";

/// What the name of a file ends with that is not finished.
const PART: &str = ".part";

/// What the name of a file begins with that is put in place as a whole once it is written.
const PASSING: &str = ".tmp";

/// The directory of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportDirectory(PathBuf);

impl ExportDirectory {
    /// The directory at this path, which need not be there.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it, for the owner only, if it is not there.
    pub fn create(&self) -> io::Result<()> {
        create_private_directory(&self.0)
    }

    /// The file that says that the export is finished, and what is in it.
    pub fn manifest(&self) -> PathBuf {
        self.0.join(MANIFEST)
    }

    /// The file that says how far it is.
    pub(super) fn state(&self) -> PathBuf {
        self.0.join(STATE)
    }

    /// Takes away what only an unfinished export needs.
    pub(super) fn forget_state(&self) -> io::Result<()> {
        remove(&self.state())
    }

    /// The file whose lock keeps a second process out.
    pub fn lock(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    /// The file of a kind, which is there once it is finished.
    pub fn file(&self, kind: ExportKind, compression: Compression) -> PathBuf {
        self.0.join(Self::file_name(kind, compression))
    }

    /// The name of the file of a kind.
    pub(super) fn file_name(kind: ExportKind, compression: Compression) -> String {
        format!("{}.ndjson{}", kind.name(), compression.suffix())
    }

    /// The name of the file of users who are gone.
    pub(super) fn name_of_deleted(compression: Compression) -> String {
        format!("{DELETED}{}", compression.suffix())
    }

    /// The file with this name, as long as it is not finished.
    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}{PART}"))
    }

    /// A file in it that is of no export, if there is one: the directory is somebody else's then. A file of records is one, too, where
    /// nothing else says that an export was here.
    pub fn stranger(&self) -> io::Result<Option<String>> {
        let (mut holds_export, mut records) = (false, None);
        for entry in std::fs::read_dir(&self.0)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !is_ours(&name) {
                return Ok(Some(name));
            }
            if [MANIFEST, STATE, LOCK].contains(&name.as_str()) {
                holds_export = true;
            } else if !name.starts_with(PASSING) {
                records = Some(name);
            }
        }
        Ok(records.filter(|_| !holds_export))
    }

    /// The files of the export that is in it; none if they cannot be listed.
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.filter(|entry| is_ours(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect()
    }

    /// Whether an export may put a file of its own in the place of this path.
    pub fn is_a_place_of(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let directories = (directory_of(path).canonicalize(), self.0.canonicalize());
        is_ours(&name.to_string_lossy()) && matches!(directories, (Ok(one), Ok(other)) if one == other)
    }

    /// Removes the export that is in it. The manifest goes first: without it no half of an export looks like a whole one.
    pub fn clear(&self) -> io::Result<()> {
        remove(&self.manifest())?;
        remove(&self.state())?;
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_ours(&name.to_string_lossy()) && name != LOCK {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

impl ExportDirectory {
    /// Removes the export that is in it, and the directory itself.
    pub fn remove(&self) -> io::Result<()> {
        self.clear()?;
        remove(&self.lock())?;
        std::fs::remove_dir(&self.0)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether an export gives a file this name. What is written under another name, to be put in place as a whole, begins with a
/// dot if it is left behind by a kill.
fn is_ours(name: &str) -> bool {
    let of_kind = |stem: &str| stem.strip_suffix(".ndjson").is_some_and(|kind| kind.parse::<ExportKind>().is_ok());
    let whole = name.strip_suffix(PART).unwrap_or(name);
    let plain = [".gz", ".zst"].iter().find_map(|suffix| whole.strip_suffix(suffix)).unwrap_or(whole);
    [MANIFEST, STATE, LOCK].contains(&name) || of_kind(plain) || plain == DELETED || name.starts_with(PASSING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_no_export_has_left_are_somebody_elses() {
        for beside in [None, Some("lock"), Some("manifest.json"), Some("export-state.json")] {
            let scratch = tempfile::tempdir().expect("a directory");
            let directory = ExportDirectory::new(scratch.path().to_path_buf());
            for name in beside.iter().chain(&[".tmpX1"]) {
                std::fs::write(scratch.path().join(name), "").expect("a file");
            }
            assert_eq!(directory.stranger().expect("names"), None);
            std::fs::write(scratch.path().join("users.ndjson"), "mine").expect("a file");
            let stranger = directory.stranger().expect("names");
            assert_eq!(stranger.is_some(), beside.is_none(), "{beside:?} {stranger:?}");
        }
    }

    #[test]
    fn only_what_an_export_writes_is_removed() {
        for ours in ["manifest.json", "users.ndjson", "users.ndjson.part", "deleted_users.ndjson.gz.part", ".tmpX1"] {
            assert!(is_ours(ours), "{ours}");
        }
        for strange in ["users.json", "notes.txt", "people.ndjson", "users.ndjson.bak", "manifest.json.part"] {
            assert!(!is_ours(strange), "{strange}");
        }
    }
}
