//! The file that names what undoing a run leaves in doubt.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::files::create_private;
use crate::journal::{InputRecord, RecordKey};

/// Names the records that stay in doubt, for the person who has to look at them. It holds external ids, so it is for the owner only.
pub(super) struct DoubtsFile<'a> {
    path: PathBuf,
    inputs: &'a [InputRecord],
    file: Option<BufWriter<File>>,
}

impl<'a> DoubtsFile<'a> {
    pub(super) fn new(path: PathBuf, inputs: &'a [InputRecord]) -> Self {
        Self { path, inputs, file: None }
    }

    pub(super) fn inputs(&self) -> &[InputRecord] {
        self.inputs
    }

    pub(super) fn add(&mut self, key: RecordKey, external_id: Option<&str>) -> io::Result<()> {
        #[derive(Serialize)]
        struct DoubtLine<'a> {
            input: &'a str,
            record: u64,
            external_id: Option<&'a str>,
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(create_private(&self.path)?)),
        };
        let input = self.inputs.get(usize::from(key.input)).map_or("", |input| input.path.as_str());
        serde_json::to_writer(&mut *file, &DoubtLine { input, record: key.number, external_id })?;
        file.write_all(b"\n")
    }

    /// If there is nothing in doubt, nothing is named any more.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.flush(),
            None => match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }
}
