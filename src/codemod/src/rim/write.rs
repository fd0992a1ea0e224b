//! Puts changed files in place, each as a whole.

use std::io::Write as _;
use std::path::Path;

/// Writing stopped half-way.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written: {reason}; {} (`git restore .` takes all of it back)", written_before(.written))]
pub struct WriteError {
    /// Which file.
    pub path: String,
    /// Why.
    pub reason: String,
    /// The files that were written before.
    pub written: Vec<String>,
}

fn written_before(written: &[String]) -> String {
    if written.is_empty() {
        "no file was changed".to_owned()
    } else {
        format!("these were written before: {}", written.join(", "))
    }
}

/// Writes all files, if each is still as it was read.
///
/// # Errors
/// At the first file that cannot be written; the error names those before it.
pub(super) fn write_all<'a>(
    root: &Path,
    files: impl Iterator<Item = (&'a str, &'a str, String)>,
) -> Result<Vec<String>, WriteError> {
    let mut written: Vec<String> = Vec::new();
    for (path, before, after) in files {
        if let Err(reason) = replace(&root.join(path), before, &after) {
            return Err(WriteError { path: path.to_owned(), reason, written });
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
