//! Where users from Clerk's API are until their import is finished.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::target::TargetSettings;
use crate::export::ExportDirectory;
use crate::hexadecimal::hexadecimal;
use crate::source::Input;

/// What is typed instead of a file. No file is called so: a path never has two slashes that mean something.
const CLERK: &str = "clerk://";

/// What the names begin with of directories in which users from Clerk's API are until their import is finished.
pub(super) const FROM_CLERK_PREFIX: &str = "from-clerk-";

/// What stands before that among the temporary files.
const PASSING: &str = "avnology-";

/// Whether an input is Clerk's API.
pub(super) fn is_clerk(input: &Path) -> bool {
    input.as_os_str() == CLERK
}

/// Where the users are until their import into this target is finished.
pub(super) fn kept_directory(runs: &Path, target: &TargetSettings) -> PathBuf {
    let target = match target {
        TargetSettings::Sandbox(database) => std::path::absolute(database).unwrap_or_else(|_| database.clone()),
        TargetSettings::Real { base_url, .. } | TargetSettings::Kratos { base_url, .. } => {
            PathBuf::from(base_url.to_string())
        }
    };
    let digest = Sha256::digest(target.as_os_str().as_encoded_bytes());
    runs.join(format!("{FROM_CLERK_PREFIX}{}", hexadecimal(&digest[..8])))
}

/// A directory that is only for this one command.
pub(super) fn passing_directory() -> PathBuf {
    std::env::temp_dir().join(format!("{PASSING}{FROM_CLERK_PREFIX}{:016x}", fastrand::u64(..)))
}

/// The directories with users from Clerk's API that a killed command left: in the directory of runs those for an import, and among the
/// temporary files, if they are of the owner of the runs, those for one command that keeps nothing.
pub fn left_from_clerk(runs: &Path) -> io::Result<Vec<ExportDirectory>> {
    let mut found = directories_in(runs, FROM_CLERK_PREFIX)?;
    if let Some(owner) = owner(runs) {
        let temporary = std::env::temp_dir();
        let passing = directories_in(&temporary, &format!("{PASSING}{FROM_CLERK_PREFIX}")).unwrap_or_else(|error| {
            tracing::warn!(%error, "what is left in `{}` cannot be listed", temporary.display());
            Vec::new()
        });
        // Other people may write there, too: what is theirs may become a link at any moment.
        found.extend(passing.into_iter().filter(|directory| self::owner(directory) == Some(owner)));
    }
    found.sort();
    Ok(found.into_iter().map(ExportDirectory::new).collect())
}

/// The directories in another one whose names begin so; no links.
fn directories_in(above: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(above) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The user whom a directory belongs to.
#[cfg(unix)]
fn owner(directory: &Path) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(&directory.symlink_metadata().ok()?))
}

/// Elsewhere each user has temporary files of their own.
#[cfg(not(unix))]
fn owner(directory: &Path) -> Option<u32> {
    directory.exists().then_some(0)
}

/// The directory in which an input is, if it was read from Clerk's API.
pub(super) fn directory_of_kept(input: &Input, runs: &Path) -> Option<ExportDirectory> {
    let directory = input.path()?.parent()?;
    let is_ours = directory.file_name()?.to_string_lossy().starts_with(FROM_CLERK_PREFIX);
    let above = |path: &Path| path.parent().and_then(|parent| parent.canonicalize().ok());
    (is_ours && above(directory) == runs.canonicalize().ok()).then(|| ExportDirectory::new(directory.to_path_buf()))
}
