//! A file that was named once: its bytes, when it was written, and how it is known again.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::cutover::{CutoverState, Evidence, FileUse, Finding};

/// The most bytes of a report that are read.
const MOST: u64 = 256 * 1024 * 1024;

/// A file that was named.
#[derive(Clone, Debug)]
pub(super) struct NamedFile {
    /// What people call it.
    pub name: String,
    /// Its bytes.
    pub text: Vec<u8>,
    /// When it was written.
    pub written: Timestamp,
    /// How it is known again.
    pub evidence: Evidence,
}

impl NamedFile {
    fn read(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        if metadata.len() > MOST {
            return Err(io::Error::other("it is too large for a report"));
        }
        let written = Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?;
        // The digest is that of the very bytes that are looked at.
        let text = std::fs::read(path)?;
        Ok(Self { name: path.display().to_string(), written, evidence: Evidence::of_bytes(path, &text)?, text })
    }

    /// The files that were named for a use; or what keeps them from being read. `option` names them.
    pub(super) fn all(state: &CutoverState, of: FileUse, option: &str) -> Result<Vec<Self>, Finding> {
        let paths = state.files(of);
        if paths.is_empty() {
            return Err(Finding::needs_you(format!("name its file with {option}")));
        }
        let read = |path: &std::path::PathBuf| {
            Self::read(path).map_err(|error| Finding::failed(format!("`{}` cannot be read: {error}", path.display())))
        };
        paths.iter().map(read).collect()
    }
}
