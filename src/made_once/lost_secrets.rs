//! Secrets that were written, and are in the file no more: somebody cut it or took it away before the work was finished.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::open_secrets_file::OpenSecretsFile;
use super::{AppliedError, MadeObject, MadeObjects, MadeState};
use crate::files::sync_directory_of;
use crate::ignore::ignore;
use crate::index::{HASH_BYTES, Table, hash_of};

/// Hashes of ids in memory before they are spilled.
const CAPACITY: usize = 1 << 14;

/// The kind of the hashes.
const OF_SECRETS: u8 = b's';

/// The secrets that the work which is not finished wrote, and that are in its file no more.
#[derive(Debug)]
pub struct LostSecrets {
    open: OpenSecretsFile,
    memory: PathBuf,
    objects: Vec<MadeObject>,
}

impl LostSecrets {
    /// Looks for them. `id_of` says which id at the target a line of the file is about. Nothing if no work is open.
    pub fn look(objects: &MadeObjects, id_of: impl Fn(&Value) -> Option<&str>) -> Result<Option<Self>, AppliedError> {
        let Some(open) = OpenSecretsFile::of(objects)? else { return Ok(None) };
        let failed = |source| AppliedError::Secrets { path: open.path.clone(), source };
        let ids = ids_in(&open, id_of).map_err(failed)?;
        // All of them are here at once: somebody took each of them away by hand.
        let mut lost = Vec::new();
        for object in objects.each()? {
            let object = object?;
            let is_in_it = object.state == MadeState::Made && object.secrets_of.as_ref() == Some(&open.begin);
            let id = object.target_id.as_deref().unwrap_or_default();
            if is_in_it && ids.find(&hash_of(OF_SECRETS, id)).map_err(failed)?.is_none() {
                lost.push(object);
            }
        }
        lost.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Some(Self { memory: OpenSecretsFile::memory(objects), open, objects: lost }))
    }

    /// The file that had them.
    pub fn path(&self) -> &Path {
        &self.open.path
    }

    /// The objects whose secrets they are, by id.
    pub fn objects(&self) -> &[MadeObject] {
        &self.objects
    }

    /// Whether there are any, and the file is still there: then the work stays open until their lines are there again, or the
    /// file is deleted.
    pub fn are_open(&self) -> bool {
        !self.objects.is_empty() && self.is_there()
    }

    fn is_there(&self) -> bool {
        self.open.path.symlink_metadata().is_ok()
    }

    /// They were said. If somebody took the whole file away, they are not said again.
    pub fn said(self, objects: &MadeObjects) -> Result<(), AppliedError> {
        let is_begun_anew = OpenSecretsFile::of(objects)?.is_none_or(|now| now.begin != self.open.begin);
        if self.is_there() || is_begun_anew {
            return Ok(());
        }
        std::fs::remove_file(&self.memory)
            .map_err(|source| AppliedError::Memory { path: self.memory.clone(), source })?;
        ignore(sync_directory_of(&self.memory), "then they are said once more");
        Ok(())
    }
}

/// The ids that have a whole line in a file; none if it is not there, or another one is in its place.
fn ids_in(open: &OpenSecretsFile, id_of: impl Fn(&Value) -> Option<&str>) -> io::Result<Table<HASH_BYTES>> {
    let mut ids = Table::new(CAPACITY, std::env::temp_dir());
    let file = match File::open(&open.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ids),
        file => file?,
    };
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    lines.read_until(b'\n', &mut line)?;
    if line != open.first_line().as_bytes() {
        return Ok(ids);
    }
    loop {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok(ids);
        }
        if let Ok(value) = serde_json::from_slice::<Value>(&line)
            && let Some(id) = id_of(&value)
        {
            ids.insert(hash_of(OF_SECRETS, id))?;
        }
    }
}
