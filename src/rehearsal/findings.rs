//! The file of `--findings`: who at the target is not as the export has it, and who would be refused there; one JSON object a
//! line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::destination::Field;
use crate::files::create_private;
use crate::mapping::Rejection;
use crate::outcomes::StopReason;
use crate::pipeline::MappedIdentity;

/// The file of `--findings`. It holds ids, and what the target says of records, so it is for the owner only.
#[derive(Debug)]
pub struct FindingsFile {
    path: PathBuf,
    file: BufWriter<File>,
}

/// A line of it.
#[derive(Serialize)]
struct Finding<'a> {
    input: &'a str,
    record: u64,
    line: u64,
    external_id: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [Field],
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl FindingsFile {
    /// Begins the file anew.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_path_buf(), file: BufWriter::new(create_private(path)?) })
    }

    pub(super) fn differs(&mut self, identity: &MappedIdentity, fields: &[Field]) -> Result<(), StopReason> {
        self.add(identity, |finding| Finding { outcome: "different", fields, ..finding })
    }

    pub(super) fn refused(&mut self, identity: &MappedIdentity, rejection: &Rejection) -> Result<(), StopReason> {
        let (code, message) = (Some(rejection.code.as_str()), Some(rejection.message.as_str()));
        self.add(identity, |finding| Finding { outcome: "rejected", code, message, ..finding })
    }

    /// All of it is on disk.
    pub(super) fn finish(&mut self) -> Result<(), StopReason> {
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(|source| self.failed(source))
    }

    fn add<'a>(
        &mut self,
        identity: &'a MappedIdentity,
        say: impl FnOnce(Finding<'a>) -> Finding<'a>,
    ) -> Result<(), StopReason> {
        let MappedIdentity { position, external_id, .. } = identity;
        let (input, record, line) = (&*position.input, position.record, position.line);
        let plain =
            Finding { input, record, line, external_id, outcome: "new", fields: &[], code: None, message: None };
        let written = serde_json::to_writer(&mut self.file, &say(plain)).map_err(io::Error::from);
        written.and_then(|()| self.file.write_all(b"\n")).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> StopReason {
        StopReason::Journal { path: self.path.display().to_string(), source }
    }
}
