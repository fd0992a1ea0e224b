//! Puts changed files in place, each as a whole.

use std::io::Write as _;
use std::path::Path;

/// Writing stopped half-way.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written: {reason}; {}", written_before(.written, *.is_restorable))]
pub struct WriteError {
    /// Which file.
    pub path: String,
    /// Why.
    pub reason: String,
    /// The files that were written before.
    pub written: Vec<String>,
    /// The work tree had no changes before, so git can take back all that was written, and nothing else.
    pub is_restorable: bool,
}

fn written_before(written: &[String], is_restorable: bool) -> String {
    if written.is_empty() {
        return "no file was changed".to_owned();
    }
    let back = if is_restorable { " (`git restore .` in the root of the repository takes them back)" } else { "" };
    format!("these were written before: {}{back}", written.join(", "))
}

/// Writes all files, if each is still as it was read; `is_restorable` if git could take all of it back, and nothing else.
///
/// # Errors
/// At the first file that cannot be written; the error names those before it.
pub(super) fn write_all<'a>(
    root: &Path,
    is_restorable: bool,
    files: impl Iterator<Item = (&'a str, &'a str, String)>,
) -> Result<Vec<String>, WriteError> {
    let mut written: Vec<String> = Vec::new();
    for (path, before, after) in files {
        if let Err(reason) = replace(&root.join(path), before, &after) {
            return Err(WriteError { path: path.to_owned(), reason, written, is_restorable });
        }
        written.push(path.to_owned());
    }
    Ok(written)
}

fn replace(path: &Path, before: &str, after: &str) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    if std::fs::read(path).map_err(said)? != before.as_bytes() {
        return Err("it changed after it was read".to_owned());
    }
    let folder = path.parent().ok_or("it has no folder")?;
    let permissions = std::fs::metadata(path).map_err(said)?.permissions();
    if permissions.readonly() {
        return Err("it is read-only".to_owned());
    }
    let mut file = tempfile::Builder::new().prefix(".avnology-").tempfile_in(folder).map_err(said)?;
    file.write_all(after.as_bytes()).map_err(said)?;
    file.as_file().set_permissions(permissions).map_err(said)?;
    file.as_file().sync_all().map_err(said)?;
    file.persist(path).map_err(|error| said(error.error))?;
    Ok(())
}
