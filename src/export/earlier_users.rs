//! The users of earlier exports, to compare with.

use std::path::PathBuf;

use super::manifest::InstanceName;
use super::{ExportDirectory, ExportError, ExportKind, Manifest, Since};

/// The files of users of earlier exports, which have to be of the same instance: all users of another one would be gone.
pub(super) fn earlier_users(earlier: &[PathBuf], instance: &InstanceName) -> Result<Vec<PathBuf>, ExportError> {
    let mut files = Vec::new();
    for path in earlier {
        let manifest = Manifest::read(&ExportDirectory::new(path.clone()))?;
        let Some(manifest) = manifest else { return Err(ExportError::NotFinished { path: path.clone() }) };
        if manifest.instance.id != instance.id {
            let problem = format!("it is of another instance, {}", manifest.instance.id);
            return Err(ExportError::Earlier { path: path.clone(), problem });
        }
        let users = manifest.files.iter().find(|file| file.kind == ExportKind::Users);
        let users = users.ok_or_else(|| ExportError::NoUsers { path: path.clone() })?;
        files.push(path.join(&users.file));
    }
    Ok(files)
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
