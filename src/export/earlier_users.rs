//! The users of earlier exports, to compare with.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::manifest::InstanceName;
use super::{ExportDirectory, ExportError, ExportKind, ExportedFile, Manifest, Since};

/// An earlier export, as it was when this one began: all its users had been listed by then, so that who of them is not among the users
/// of this one is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EarlierExport {
    /// Its directory, as it was named.
    path: PathBuf,
    started: Timestamp,
    finished: Timestamp,
    /// The file of its users.
    pub users: ExportedFile,
}

impl EarlierExport {
    /// Looks at earlier exports, which have to be of the same instance: all users of another one would be gone.
    pub(super) fn all(paths: &[PathBuf], instance: &InstanceName) -> Result<Vec<Self>, ExportError> {
        paths.iter().map(|path| Self::look(path, instance)).collect()
    }

    fn look(path: &Path, instance: &InstanceName) -> Result<Self, ExportError> {
        let path = path.to_path_buf();
        let manifest = Manifest::read(&ExportDirectory::new(path.clone()))?;
        let Some(manifest) = manifest else { return Err(ExportError::NotFinished { path }) };
        if manifest.instance.id != instance.id {
            let problem = format!("it is of another instance, {}", manifest.instance.id);
            return Err(ExportError::Earlier { path, problem });
        }
        let Manifest { started, finished, files, .. } = manifest;
        let users = files.into_iter().find(|file| file.kind == ExportKind::Users);
        let users = users.ok_or_else(|| ExportError::NoUsers { path: path.clone() })?;
        Ok(Self { path, started, finished, users })
    }

    /// Fails if another export is in its place by now: that one may have users who were created after the users of this one were listed.
    pub(super) fn check(&self, instance: &InstanceName) -> Result<(), ExportError> {
        if Self::look(&self.path, instance)? == *self {
            return Ok(());
        }
        Err(ExportError::EarlierReplaced { path: self.path.clone() })
    }

    /// The path of the file of its users.
    pub(super) fn file(&self) -> PathBuf {
        self.path.join(&self.users.file)
    }
}

/// Fails if changes are wanted since an export of another instance: its moment says nothing about this one.
pub(super) fn check_since(since: Option<&Since>, instance: &InstanceName) -> Result<(), ExportError> {
    let Some(path) = since.and_then(|since| since.export.as_ref()) else { return Ok(()) };
    let manifest = Manifest::read(&ExportDirectory::new(path.clone()))?;
    let Some(manifest) = manifest else { return Err(ExportError::NotFinished { path: path.clone() }) };
    if manifest.instance.id == instance.id {
        return Ok(());
    }
    Err(ExportError::SinceOther { path: path.clone(), instance: manifest.instance.id })
}
