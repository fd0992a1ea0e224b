//! Sorted files of one directory, of which a later one wins against an earlier one.

use std::io;
use std::path::{Path, PathBuf};

/// The name of the sorted file with this number.
pub fn sorted_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:010}.sorted"))
}

/// The sorted files of a directory and their numbers, the oldest first.
pub fn sorted_files(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(number) = name.strip_suffix(".sorted").and_then(|number| number.parse().ok()) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}
