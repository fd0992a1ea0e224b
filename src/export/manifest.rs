//! What is in a finished export.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ExportDirectory, ExportError, ExportKind, FileSums, Since};
use crate::clerk_api::Requests;
use crate::files::replace_private;

/// The version of the manifest's form.
pub(super) const FORMAT: u32 = 1;

/// A finished export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// What made it.
    pub program: String,
    /// The address of the API.
    pub api: String,
    /// The version of the API.
    pub api_version: String,
    /// The instance.
    pub instance: InstanceName,
    /// When it was begun, by Clerk's clock if that is behind the one here.
    pub started: Timestamp,
    /// When it was finished.
    pub finished: Timestamp,
    /// Only what is new or changed since this moment, in the users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// The files.
    pub files: Vec<ExportedFile>,
    /// The users of earlier exports who are not at Clerk any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeletedUsers>,
    /// What was asked for and is not there.
    pub missing: Vec<Missing>,
    /// Where the API counts more records than it listed.
    pub differences: Vec<Difference>,
    /// The requests of the last part, if the export was done in several.
    #[serde(default)]
    pub requests: Requests,
}

/// Which instance it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceName {
    /// Its id.
    pub id: String,
    /// `production` or `development`.
    pub environment_type: String,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// What is in it.
    pub kind: ExportKind,
    /// Its name.
    pub file: String,
    /// Its records, one a line.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The BLAKE3 of its bytes, in hexadecimal, which a run notes of its inputs, too; none of files that version 0.1.0 wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// How many records the API counted when the file was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
    /// The requests that it took; those of the last part, if it was read in several.
    #[serde(default)]
    pub requests: u64,
}

impl ExportedFile {
    /// A file that is written.
    pub fn new(
        (kind, file): (ExportKind, String),
        records: u64,
        sums: &FileSums,
        counted: Option<u64>,
        requests: u64,
    ) -> Self {
        let (bytes, sha256, blake3) = (sums.bytes(), sums.sha256(), Some(sums.blake3()));
        Self { kind, file, records, bytes, sha256, blake3, counted, requests }
    }

    /// Its path in the directory of an export, if it is there as it was written.
    ///
    /// # Errors
    /// If it is not, as far as its size shows: a copy was interrupted, or somebody shortened it. Who takes it for all that there is
    /// would take the others for gone.
    pub fn checked_in(&self, directory: &Path) -> Result<PathBuf, ExportError> {
        let path = directory.join(&self.file);
        if self.is_as_long_as(&path) { Ok(path) } else { Err(ExportError::OtherFile { path }) }
    }

    fn is_as_long_as(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|found| found.len() == self.bytes)
    }
}

/// The users of earlier exports who are not at Clerk any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedUsers {
    /// The directories of these exports, as they were named.
    pub compared_with: Vec<PathBuf>,
    /// The file: of each of them `{"deleted":true,"id":"user_…","object":"user"}`, as Clerk itself says it.
    pub file: ExportedFile,
}

/// A kind that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The kind.
    pub kind: ExportKind,
    /// What the API said.
    pub reason: String,
}

/// A kind of which the API counts more records than it listed, however often the list was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The kind.
    pub kind: ExportKind,
    /// Records that were found.
    pub found: u64,
    /// Records that the API counts.
    pub counted: u64,
}

impl Manifest {
    /// Reads the manifest of the export in a directory; nothing if there is none.
    pub fn read(directory: &ExportDirectory) -> Result<Option<Self>, ExportError> {
        let path = directory.manifest();
        let wrong = |problem: String| ExportError::Manifest { path: path.clone(), problem };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if manifest.format > FORMAT {
            return Err(wrong("a newer version of this program wrote it; use that one".to_owned()));
        }
        Ok(Some(manifest))
    }

    /// Puts it into the directory.
    pub(super) fn write(&self, directory: &ExportDirectory) -> io::Result<()> {
        replace_private(&directory.manifest(), |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }

    /// The file of the users who are gone in a directory with a finished export, and how many there are; nothing if it has
    /// no such file, or if it is no such directory.
    pub fn deleted_in(path: &Path) -> Result<Option<(PathBuf, u64)>, ExportError> {
        let manifest = Self::read(&ExportDirectory::new(path.to_path_buf()))?;
        let deleted = manifest.and_then(|manifest| manifest.deleted);
        Ok(deleted.map(|deleted| (path.join(&deleted.file.file), deleted.file.records)))
    }

    /// The path of the records of a kind in a directory with a finished export, if there are any.
    pub fn file_in(path: &Path, kind: ExportKind) -> Result<Option<PathBuf>, ExportError> {
        let manifest = Self::read(&ExportDirectory::new(path.to_path_buf()))?;
        let file = manifest.and_then(|manifest| manifest.files.into_iter().find(|file| file.kind == kind));
        file.filter(|file| file.records > 0).map(|file| file.checked_in(path)).transpose()
    }

    /// Whether the API counts more users than it listed.
    pub(super) fn lists_fewer_users(&self) -> bool {
        self.difference_of_users().is_some()
    }

    fn difference_of_users(&self) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.kind == ExportKind::Users)
    }

    /// Why most users, or all of them, are in no file of this export, in words that go behind its name; nothing if it is a whole one.
    pub fn is_without_users(&self) -> Option<&'static str> {
        if self.since.is_some() {
            return Some("has only users who are new or changed (`export --since`)");
        }
        let has_users = self.files.iter().any(|file| file.kind == ExportKind::Users);
        (!has_users).then_some("has no users")
    }

    /// Whether a file is that of the users of an export of changes (`--since`), and there was nobody new or changed. A manifest.json
    /// beside it that is of no export says nothing.
    pub fn has_no_changes(file: &Path) -> bool {
        let directory = file.parent().map(|directory| ExportDirectory::new(directory.to_path_buf()));
        let Some(manifest) = directory.and_then(|directory| Self::read(&directory).ok().flatten()) else {
            return false;
        };
        let users = manifest.users_in_file(file);
        manifest.since.is_some() && users.is_some_and(|users| users.records == 0 && users.is_as_long_as(file))
    }

    /// The users, if they are in this file.
    fn users_in_file(&self, file: &Path) -> Option<&ExportedFile> {
        let name = file.file_name()?;
        self.files.iter().find(|file| file.kind == ExportKind::Users && *name == *file.file)
    }

    /// Why not all users of the instance are in a file of an export, in words that go behind its name; nothing if they are, or if
    /// the file is of no export.
    pub fn lacks_users(file: &Path) -> Result<Option<String>, ExportError> {
        let directory = file.parent().map(|directory| ExportDirectory::new(directory.to_path_buf()));
        let Some(manifest) = directory.map_or(Ok(None), |directory| Self::read(&directory))? else { return Ok(None) };
        let Some(users) = manifest.users_in_file(file) else { return Ok(None) };
        if !users.is_as_long_as(file) {
            return Ok(Some("is not the file that the manifest.json beside it describes".to_owned()));
        }
        if let Some(why) = manifest.is_without_users() {
            return Ok(Some(why.to_owned()));
        }
        let fewer = manifest.difference_of_users();
        Ok(fewer.map(|Difference { found, counted, .. }| format!("has {found} users, and Clerk counted {counted}")))
    }

    /// The path of the users in a directory with a finished export; nothing if it is no directory.
    pub fn users_in(path: &Path) -> Result<Option<PathBuf>, ExportError> {
        let directory = ExportDirectory::new(path.to_path_buf());
        let Some(manifest) = Self::read(&directory)? else {
            return match (directory.state().exists(), path.is_dir()) {
                (true, _) => Err(ExportError::NotFinished { path: path.to_path_buf() }),
                (false, true) => Err(ExportError::NoManifest { path: path.to_path_buf() }),
                (false, false) => Ok(None),
            };
        };
        let users = manifest.files.iter().find(|file| file.kind == ExportKind::Users);
        let users = users.ok_or_else(|| ExportError::NoUsers { path: path.to_path_buf() })?;
        users.checked_in(path).map(Some)
    }
}
