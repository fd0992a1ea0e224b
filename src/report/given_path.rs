//! Paths of files that the user gives: what is there already is not always a file.

use std::io;
use std::path::{Path, PathBuf};

/// What a path stands for that is to be written.
pub enum GivenPath {
    /// A file, to be replaced as a whole. It is the one behind a link, which stays.
    File(PathBuf),
    /// A device or a pipe, such as `/dev/stdout`, to be written to: replaced, it would be gone for everybody.
    Stream,
}

impl GivenPath {
    /// Looks at what is there.
    pub fn of(path: &Path) -> io::Result<Self> {
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => std::fs::canonicalize(path).map(Self::File),
            Ok(found) if !found.is_dir() => Ok(Self::Stream),
            _ => Ok(Self::File(path.to_path_buf())),
        }
    }
}
