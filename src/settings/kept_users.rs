//! Where users from Clerk's API are until their import is finished.

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
    std::env::temp_dir().join(format!("avnology-{FROM_CLERK_PREFIX}{:016x}", fastrand::u64(..)))
}

/// The directory in which an input is, if it was read from Clerk's API.
pub(super) fn directory_of_kept(input: &Input, runs: &Path) -> Option<ExportDirectory> {
    let Input::File(path) = input else { return None };
    let directory = path.parent()?;
    let is_ours = directory.file_name()?.to_string_lossy().starts_with(FROM_CLERK_PREFIX);
    let above = |path: &Path| path.parent().and_then(|parent| parent.canonicalize().ok());
    (is_ours && above(directory) == runs.canonicalize().ok()).then(|| ExportDirectory::new(directory.to_path_buf()))
}
