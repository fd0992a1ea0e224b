//! The ids of the records in a file, some at a time.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::source::{Input, ReaderLimits, RecordReader};

/// Goes through the ids of a file of records.
pub(super) struct IdReader {
    path: PathBuf,
    reader: RecordReader,
    found: u64,
}

#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl IdReader {
    /// Opens the file.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let input = Input::File(path.to_path_buf());
        let reader = RecordReader::open(&input, ReaderLimits::default()).map_err(|error| error.to_string())?;
        Ok(Self { path: path.to_path_buf(), reader, found: 0 })
    }

    /// The next ids, as many as are read together; nothing at the end.
    pub(super) fn next_ids(&mut self) -> Result<Option<Vec<String>>, String> {
        let Some(chunk) = self.reader.next_chunk().map_err(|error| error.to_string())? else { return Ok(None) };
        let ids = chunk.spans.iter().map(|span| {
            let record = serde_json::from_slice::<OnlyId<'_>>(chunk.record(span));
            let record = record.map_err(|_| format!("record {} of `{}` is none", span.number, self.path.display()));
            record.map(|record| record.id.into_owned())
        });
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        self.found += ids.len() as u64;
        Ok(Some(ids))
    }

    /// Fails unless this many ids were found: the file is another one, or not whole.
    pub(super) fn check(&self, records: u64) -> Result<(), String> {
        if self.found == records {
            return Ok(());
        }
        let (path, found) = (self.path.display(), self.found);
        Err(format!("`{path}` has {found} users, and {records} were written to it"))
    }
}
