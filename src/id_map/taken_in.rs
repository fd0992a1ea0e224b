//! `taken-in.json`: up to where the journals of the runs were taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::replace_private;
use crate::kind::Kind;

/// The version of what lies in the directory of a map.
const VERSION: u32 = 1;

/// What is in the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TakenIn {
    /// Which version of the map this is.
    pub version: u32,
    /// The target may have confirmed somebody who is not in the map.
    pub misses_some: bool,
    /// Bytes of the journal of each run that need not be read any more.
    pub runs: BTreeMap<String, u64>,
    /// Nobody of another kind is in the map, so that nobody of those is sought. None if that is not known, as of what earlier versions
    /// wrote.
    #[serde(default)]
    pub kinds: Option<BTreeSet<Kind>>,
}

/// What can be read of any version.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl TakenIn {
    /// Nothing was taken in, and nobody knows what the runs before did.
    pub(super) fn nothing() -> Self {
        Self { version: VERSION, misses_some: true, runs: BTreeMap::new(), kinds: None }
    }

    /// What is kept of it in a directory. It is an error of kind `Unsupported` if a later version wrote it, and of kind
    /// `InvalidData` if it is damaged.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let text = match std::fs::read(Self::path(directory)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::nothing()),
            Err(error) => return Err(error),
        };
        let damaged = |_| io::Error::new(io::ErrorKind::InvalidData, "`taken-in.json` is damaged");
        let Version { version } = serde_json::from_slice(&text).map_err(damaged)?;
        if version > VERSION {
            let sentence = "a newer version of the tool wrote it; use that version to read it";
            return Err(io::Error::new(io::ErrorKind::Unsupported, sentence));
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// Keeps it.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        replace_private(&Self::path(directory), |file| serde_json::to_writer(file, self).map_err(Into::into))
    }

    /// Where it is kept.
    pub(super) fn path(directory: &Path) -> std::path::PathBuf {
        directory.join("taken-in.json")
    }
}
