//! The rejects file: one line a record, with the reason and the record itself, so that it can be mended and imported.
//!
//! ```json
//! {"code":"no_email","message":"…","field":"email_addresses","run":"…","request":"…","position":{…},"original":{…}}
//! ```
//!
//! `request` is the id of the request that the target refused, if it did. `original` is the record as JSON, also of a row of
//! a CSV. A record that is no JSON stands there as a string; one that is not even UTF-8 is
//! in `original_base64`. A record that was too large to be kept has neither: its position says where to find it.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;
use serde::ser::SerializeMap;

use super::{RecordKey, create_private, sync_directory_of};
use crate::clerk::COLUMNS;
use crate::mapping::{EarlierRecord, RejectCode, Rejection, unwrap_reject};
use crate::source::{Header, Place, Position, RecordChunk, RecordSpan, Row};

/// A record that does not become an identity.
pub struct Reject {
    /// The stable code.
    pub code: RejectCode,
    /// Which record of the run it is.
    pub key: RecordKey,
    /// Where the record stands.
    pub position: Position,
    /// Of a duplicate: the record that comes first.
    pub same_as: Option<EarlierRecord>,
    message: String,
    field: Option<String>,
    /// For a record that is not JSON: where in the input the fault is.
    fault: Option<Place>,
    /// The request that the target refused.
    request: Option<String>,
    original: Vec<u8>,
}

impl Reject {
    /// The reject of a record.
    pub fn new(rejection: Rejection, input: u16, chunk: &RecordChunk, span: &RecordSpan) -> Self {
        let Rejection { code, field, message, place, same_as } = rejection;
        let fault = place.map(|place| Place { line: span.line + place.line - 1, offset: span.offset + place.offset });
        Self {
            code,
            key: RecordKey { input, number: span.number },
            position: chunk.position(span),
            same_as,
            message,
            field,
            fault,
            request: None,
            original: original(chunk, span),
        }
    }

    /// The same, refused by the target in this request.
    #[must_use]
    pub fn in_request(self, id: Option<&str>) -> Self {
        Self { request: id.map(str::to_owned), ..self }
    }

    /// How much of it lies in memory, in bytes.
    pub fn size(&self) -> usize {
        self.original.len() + self.message.len()
    }

    /// The line of the rejects file of a run, without its line break.
    fn line(&self, run: &str) -> serde_json::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(self.original.len() + 256);
        let mut serializer = serde_json::Serializer::new(&mut line);
        let mut map = serde::Serializer::serialize_map(&mut serializer, None)?;
        // The code has to come first: it is how a line of a rejects file is known.
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(field) = &self.field {
            map.serialize_entry("field", field)?;
        }
        map.serialize_entry("run", run)?;
        if let Some(request) = &self.request {
            map.serialize_entry("request", request)?;
        }
        map.serialize_entry("position", &self.position)?;
        if let Some(fault) = &self.fault {
            map.serialize_entry("fault", fault)?;
        }
        match Original::of(&self.original) {
            Original::Missing => map.serialize_entry("original", &())?,
            Original::Json(value) => map.serialize_entry("original", &value)?,
            Original::Text(text) => map.serialize_entry("original", text)?,
            Original::Bytes(text) => map.serialize_entry("original_base64", &text)?,
        }
        map.end()?;
        Ok(line)
    }
}

impl std::fmt::Debug for Reject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the message (it may be the target's) nor the record: they hold personal data.
        formatter
            .debug_struct("Reject")
            .field("code", &self.code)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// What a line of the rejects file gives back. Of a line of a rejects file, that is the record in it: rejects of rejects are
/// rejects. Of a row of a CSV, whose header is elsewhere, it is the same user as JSON; a row that does not fit its header
/// stays the text it is.
fn original(chunk: &RecordChunk, span: &RecordSpan) -> Vec<u8> {
    let record = chunk.record(span);
    let user = chunk.header.as_ref().and_then(|header| Some(flat_user(header, &header.row(record).ok()?)));
    user.unwrap_or_else(|| unwrap_reject(record).map_or_else(|_| record.to_vec(), Cow::into_owned))
}

/// A row as a JSON object of its filled cells. Columns that were ignored are left out: in JSON they might mean something.
fn flat_user(header: &Header, row: &Row<'_>) -> Vec<u8> {
    let filled = header.cells(row).filter(|(name, cell)| COLUMNS.contains(name) && !cell.is_empty());
    let mut json = Vec::new();
    // Texts always have a form in JSON, and memory takes everything.
    drop(serde_json::Serializer::new(&mut json).collect_map(filled));
    json
}

/// The forms in which a record can be kept on one line.
enum Original<'a> {
    Missing,
    Json(Box<serde_json::value::RawValue>),
    Text(&'a str),
    Bytes(String),
}

impl<'a> Original<'a> {
    fn of(record: &'a [u8]) -> Self {
        if record.is_empty() {
            return Self::Missing;
        }
        let Ok(text) = std::str::from_utf8(record) else { return Self::Bytes(STANDARD.encode(record)) };
        // Inside valid JSON line breaks are white space and nothing else, so they can become spaces.
        match serde_json::value::RawValue::from_string(text.replace(['\n', '\r'], " ")) {
            // A string would be taken for a record that is no JSON, so it is kept as one.
            Ok(value) if record[0] != b'"' && crate::source::diagnose(record).is_none() => Self::Json(value),
            _ => Self::Text(text),
        }
    }
}

/// The rejects file of a run. It is made with the first reject: no rejects, no file.
#[derive(Debug)]
pub struct RejectsFile {
    path: PathBuf,
    /// The run's id.
    run: String,
    file: Option<BufWriter<File>>,
    bytes: u64,
    dirty: bool,
}

impl RejectsFile {
    /// A file to be made at `path`, which lies in the directory that is named after the run.
    pub fn new(path: PathBuf) -> Self {
        let run = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        Self { path, run, file: None, bytes: 0, dirty: false }
    }

    /// Goes on with a file that was left behind with `bytes` that count; what is behind them is cut off.
    pub fn resume(path: PathBuf, bytes: u64) -> io::Result<Self> {
        if bytes == 0 {
            // What a crash left behind before the journal counted on it.
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(Self::new(path)),
            };
        }
        let mut file = OpenOptions::new().write(true).open(&path)?;
        if file.metadata()?.len() < bytes {
            return Err(io::Error::other("rejects are missing that the journal counts on"));
        }
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        Ok(Self { file: Some(BufWriter::new(file)), bytes, ..Self::new(path) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is anything in it.
    pub fn is_started(&self) -> bool {
        self.file.is_some()
    }

    /// Its length with everything that was appended.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends a reject.
    pub fn append(&mut self, reject: &Reject) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = create_private(&self.path)?;
                sync_directory_of(&self.path)?;
                none.insert(BufWriter::new(file))
            }
        };
        let mut line = reject.line(&self.run)?;
        line.push(b'\n');
        self.dirty = true;
        self.bytes += line.len() as u64;
        file.write_all(&line)
    }

    /// Makes everything appended durable.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_mut().filter(|_| self.dirty) else { return Ok(()) };
        file.flush()?;
        file.get_ref().sync_data()?;
        self.dirty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mapping::parse;

    fn line_of(record: &[u8]) -> String {
        let span = RecordSpan { number: 3, line: 7, offset: 0, length: record.len() as u64, fault: None };
        let chunk = RecordChunk {
            input: Arc::from("users.json"),
            bytes: record.to_vec().into(),
            base: 0,
            spans: vec![span.clone()],
            header: None,
            consumed: 0,
        };
        let no_email = || Rejection::of_record(RejectCode::NoEmail, "no email");
        let rejection = parse(record).err().unwrap_or_else(no_email);
        String::from_utf8(Reject::new(rejection, 0, &chunk, &span).line("run").unwrap()).unwrap()
    }

    #[test]
    fn whatever_the_record_is_its_line_gives_it_back() {
        for record in [
            b"{\"id\":\"u\",\n \"n\": 1e400, \"s\": \"\\u00e9\\n\"}".as_slice(),
            b"\"a string\"",
            b"{broken",
            b"{\"id\":\"\xff\"}",
            b"{\"lone\":\"\\ud800\"}",
        ] {
            let line = line_of(record);
            assert!(!line.contains('\n'), "{line}");
            let original = unwrap_reject(line.as_bytes()).unwrap_or_else(|rejection| panic!("{line}: {rejection:?}"));
            let spaced: Vec<u8> = record.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).collect();
            assert_eq!(&*original, &spaced, "{line}");
        }
    }

    #[test]
    fn the_fault_is_placed_in_the_input() {
        let line: serde_json::Value = serde_json::from_str(&line_of(b"{\n\"id\": oops}")).unwrap();
        assert_eq!(line["code"], "invalid_json");
        assert_eq!(line["fault"], serde_json::json!({"line": 8, "offset": 8}));
        assert_eq!(line["position"]["record"], 3);
    }
}
