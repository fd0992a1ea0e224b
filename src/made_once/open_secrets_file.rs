//! Which file takes the secrets, until the work is finished.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{AppliedError, MadeObjects};
use crate::files::replace_private;

/// Which file takes the secrets, until the work is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenSecretsFile {
    pub path: PathBuf,
    /// What its first line says, by which it is known again.
    pub begin: String,
}

impl OpenSecretsFile {
    /// The file of the work that was begun and is not finished.
    pub(super) fn of(objects: &MadeObjects) -> Result<Option<Self>, AppliedError> {
        let memory = Self::memory(objects);
        let failed = |source| AppliedError::Memory { path: memory.clone(), source };
        match std::fs::read(&memory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into())),
        }
    }

    /// Where it is remembered.
    pub(super) fn memory(objects: &MadeObjects) -> PathBuf {
        objects.file("secrets.json")
    }

    /// Remembers it. Durable when this returns.
    pub(super) fn remember(&self, memory: PathBuf) -> Result<(), AppliedError> {
        let written = replace_private(&memory, |file| serde_json::to_writer(file, self).map_err(Into::into));
        written.map_err(|source| AppliedError::Memory { path: memory, source })
    }

    pub(super) fn first_line(&self) -> String {
        format!("{{\"secrets_of\":\"{}\"}}\n", self.begin)
    }
}
