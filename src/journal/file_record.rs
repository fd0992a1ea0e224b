//! A file of rules, in `run.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// A file that decides about every user, and that is kept as a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it was.
    pub path: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl FileRecord {
    /// Describes a file with this content.
    pub fn of(path: &Path, content: &str) -> Self {
        Self { path: path.display().to_string(), sha256: hexadecimal(&Sha256::digest(content)) }
    }

    /// Whether both are files of the same content, or there is neither.
    pub fn is_same_content(one: Option<&Self>, other: Option<&Self>) -> bool {
        one.map(|file| &file.sha256) == other.map(|file| &file.sha256)
    }
}
