//! The rejects file: one line a record, with the reason and the record itself, so that it can be mended and imported.
//!
//! ```json
//! {"code":"no_email","message":"…","field":"email_addresses","run":"…","request":"…","position":{…},"original":{…},"line_check":"…"}
//! {"code":"invalid_row","message":"…","run":"…","position":{…},"header":["id",…],"separator":",","original":"user_7,…","line_check":"…"}
//! ```
//!
//! `request` is the id of the request that the target refused, if it did. `original` is the record as JSON, also of a row of
//! a CSV. A record that is no JSON stands there as a string, and so does a row whose cells are not known, with the header
//! under which it is read once it is mended; one that is not even UTF-8 is in `original_base64`. A record that was too large to
//! be kept has neither: its position says where to find it.
//!
//! `line_check` is the CRC-32 of what is before it in its line: a line that somebody has changed is known by it. Lines that were
//! sorted or left out are known by the sum that the journal keeps of all that counts. A file in which anything was changed, or
//! that is not there any more, belongs to the person who did that: it stays as it is, and further rejects go to
//! `rejects-2.ndjson`, and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;
use serde::ser::SerializeMap;

use super::rejects_left::{Check, FIRST, LeftFile, RejectsCount, is_still, look_at, numbered};
use super::{RecordKey, RejectsEnd};
use crate::clerk::COLUMNS;
use crate::files::{create_new_private, sync_directory_of};
use crate::ignore::ignore;
use crate::mapping::{EarlierRecord, RecordContent, RecordIds, RejectCode, Rejection, content};
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
    /// Of a row of a CSV that stays the text it is: the header it stands under.
    header: Option<Arc<Header>>,
}

impl Reject {
    /// The reject of a record.
    pub fn new(rejection: Rejection, input: u16, chunk: &RecordChunk, span: &RecordSpan) -> Self {
        let Rejection { code, field, message, place, same_as } = rejection;
        let fault = place.map(|place| Place { line: span.line + place.line - 1, offset: span.offset + place.offset });
        let (original, header) = original(chunk, span);
        Self {
            code,
            key: RecordKey { input, number: span.number },
            position: chunk.position(span),
            same_as,
            message,
            field,
            fault,
            request: None,
            original,
            header,
        }
    }

    /// This reject as one that the target refused in this request.
    #[must_use]
    pub fn in_request(self, id: Option<&str>) -> Self {
        Self { request: id.map(str::to_owned), ..self }
    }

    /// Who it is about, as far as that can be read.
    pub fn ids(&self) -> RecordIds {
        match &self.header {
            Some(header) => RecordIds::of_row(header, &self.original),
            None => RecordIds::of_json(&self.original),
        }
    }

    /// How much of it lies in memory, in bytes.
    pub fn size(&self) -> usize {
        let header = self.header.iter().flat_map(|header| header.names()).map(String::len).sum::<usize>();
        self.original.len() + self.message.len() + header
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
        if let Some(header) = &self.header {
            map.serialize_entry("header", header.names())?;
            map.serialize_entry("separator", &char::from(header.separator()))?;
        }
        match Original::of(&self.original, self.header.is_some()) {
            Original::Missing => map.serialize_entry("original", &())?,
            Original::Json(value) => map.serialize_entry("original", &value)?,
            Original::Text(text) => map.serialize_entry("original", text)?,
            Original::Bytes(text) => map.serialize_entry("original_base64", &text)?,
        }
        map.end()?;
        line.pop();
        line.extend_from_slice(&Check::of(&line));
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
/// rejects. Of a row of a CSV, it is the same user as JSON; a row that does not fit its header stays the text it is, and the
/// header goes with it.
fn original(chunk: &RecordChunk, span: &RecordSpan) -> (Vec<u8>, Option<Arc<Header>>) {
    let record = chunk.record(span);
    if span.fault.is_some() {
        return (Vec::new(), None);
    }
    if let Some(header) = &chunk.header {
        return match header.row(record) {
            Ok(row) => (flat_user(header, &row), None),
            Err(_) => (record.to_vec(), Some(Arc::clone(header))),
        };
    }
    match content(record) {
        Ok(RecordContent::Json(json)) => (json.into_owned(), None),
        Ok(RecordContent::Row(row)) => match row.cells() {
            Ok((header, cells)) => (flat_user(header, &cells), None),
            Err(_) => (row.text.into_owned(), row.header.map(Arc::new)),
        },
        Err(_) => (record.to_vec(), None),
    }
}

/// A row as a JSON object of its filled cells. Columns that were ignored are left out: in JSON they might mean something.
fn flat_user(header: &Header, row: &Row<'_>) -> Vec<u8> {
    let filled = header.cells(row).filter(|(name, cell)| COLUMNS.contains(name) && !cell.is_empty());
    let mut json = Vec::new();
    let written = serde_json::Serializer::new(&mut json).collect_map(filled);
    ignore(written, "texts always have a form in JSON, and memory takes everything");
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
    fn of(record: &'a [u8], is_row: bool) -> Self {
        if record.is_empty() {
            return Self::Missing;
        }
        let Ok(text) = std::str::from_utf8(record) else { return Self::Bytes(STANDARD.encode(record)) };
        if is_row {
            return Self::Text(text);
        }
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
pub(super) struct RejectsFile {
    /// The first one; later ones lie beside it.
    first: PathBuf,
    /// Which one is written to, from 1.
    number: u32,
    /// Those with rejects that somebody changed since.
    earlier: Vec<u32>,
    /// The run's id.
    run: String,
    file: Option<File>,
    /// How much of it is written.
    written: u64,
    /// Lines to be written.
    waiting: Vec<u8>,
    /// The CRC-32 of both.
    sum: crc32fast::Hasher,
    dirty: bool,
}

impl RejectsFile {
    /// Lines that are written at once.
    const BUFFERED: usize = 64 * 1024;

    /// A file to be made at `first`, which lies in the directory that is named after the run.
    fn new(first: PathBuf) -> Self {
        let run = first.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let (earlier, waiting) = (Vec::new(), Vec::new());
        let sum = crc32fast::Hasher::new();
        Self { first, number: FIRST, earlier, run, file: None, written: 0, waiting, sum, dirty: false }
    }

    /// Goes on with the last of the files that count. What an interruption left behind that is cut off. A file that somebody
    /// changed is not touched: another one is begun.
    pub(super) fn resume(first: PathBuf, mut files: Vec<u32>, mut counted: RejectsCount) -> io::Result<Self> {
        let number = files.pop().unwrap_or(FIRST);
        let mut rejects = Self { number, earlier: files, written: counted.bytes, ..Self::new(first) };
        loop {
            let path = rejects.path();
            match look_at(&path, counted)? {
                LeftFile::Nothing => return Ok(rejects),
                LeftFile::All(_) if rejects.written == 0 => {
                    std::fs::remove_file(&path)?;
                    return Ok(rejects);
                }
                LeftFile::All(sum) => {
                    let mut file = OpenOptions::new().write(true).open(&path)?;
                    file.set_len(rejects.written)?;
                    file.seek(SeekFrom::Start(rejects.written))?;
                    return Ok(Self { file: Some(file), sum, ..rejects });
                }
                LeftFile::Changed => rejects.leave(),
            }
            counted = RejectsCount::default();
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        numbered(&self.first, self.number)
    }

    /// Which file it is, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Where all rejects are.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let current = self.file.as_ref().map(|_| self.number);
        self.earlier.iter().copied().chain(current).map(|number| numbered(&self.first, number))
    }

    /// Its length with everything that was appended, and the sum of it.
    pub(super) fn end(&self) -> RejectsEnd {
        RejectsEnd { bytes: self.written + self.waiting.len() as u64, sum: self.sum.clone().finalize() }
    }

    /// Appends a reject.
    pub(super) fn append(&mut self, reject: &Reject) -> io::Result<()> {
        if !self.dirty {
            self.begin_group()?;
            self.dirty = true;
        }
        let mut line = reject.line(&self.run)?;
        line.push(b'\n');
        self.sum.update(&line);
        self.waiting.extend_from_slice(&line);
        if self.waiting.len() < Self::BUFFERED { Ok(()) } else { self.write() }
    }

    /// Makes everything appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.write()?;
        self.dirty = false;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.write_all(&self.waiting)?;
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Sees to it that there is a file, and that it is still the run's own.
    fn begin_group(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file
            && !is_still(file, &self.path(), self.written)?
        {
            self.leave();
        }
        while self.file.is_none() {
            match create_new_private(&self.path()) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.leave(),
                Err(error) => return Err(error),
            }
            sync_directory_of(&self.first)?;
        }
        Ok(())
    }

    /// Leaves the file to the process that changed it.
    fn leave(&mut self) {
        let changed = self.path();
        if self.written > 0 {
            self.earlier.push(self.number);
        }
        (self.number, self.file, self.written) = (self.number + 1, None, 0);
        self.sum = crc32fast::Hasher::new();
        tracing::warn!(
            "somebody changed or moved `{}` before the run was finished, so it stays as it is; further rejects go to `{}`",
            changed.display(),
            self.path().display()
        );
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
            let Ok(RecordContent::Json(original)) = content(line.as_bytes()) else { panic!("{line}") };
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
