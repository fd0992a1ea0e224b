//! `first-pass.json`: what going through the inputs once found out before anything was sent. What reads them later in the
//! run, in this process or in another one, is held to it.

use std::io;

use serde::{Deserialize, Serialize};

use super::{RunDirectory, replace_private};
use crate::source::{InputDigest, KnownInput};

/// What the first pass found out, but for the duplicates and the blocks of the inputs, which are files of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPassRecord {
    /// The inputs, in order, as far as they could be read to their ends.
    pub inputs: Vec<KnownInput>,
    /// The file with the passwords that the users lack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwords: Option<InputDigest>,
}

impl FirstPassRecord {
    /// What was found out; `None` if the run is not that far, or was begun by a version that did not keep it.
    pub fn read(directory: &RunDirectory) -> io::Result<Option<Self>> {
        match std::fs::read(directory.first_pass()) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether both read the same bytes.
    pub fn is_same_content(&self, other: &Self) -> bool {
        let digests = |record: &'_ Self| record.inputs.iter().map(|input| input.digest.clone()).collect::<Vec<_>>();
        digests(self) == digests(other) && self.passwords == other.passwords
    }

    /// Keeps it for the rest of the run.
    pub fn write(&self, directory: &RunDirectory) -> io::Result<()> {
        replace_private(&directory.first_pass(), |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }
}
