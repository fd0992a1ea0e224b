//! The rejects file: one line a record, with the reason and the record itself, so that it can be mended and imported.
//!
//! ```json
//! {"code":"no_email","message":"…","field":"email_addresses","run":"…","request":"…","position":{…},"original":{…},"line_check":"…"}
//! ```
//!
//! `request` is the id of the request that the target refused, if it did. `original` is the record as JSON, also of a row of
//! a CSV. A record that is no JSON stands there as a string; one that is not even UTF-8 is
//! in `original_base64`. A record that was too large to be kept has neither: its position says where to find it.
//!
//! `line_check` is the CRC-32 of what is before it in its line: a line that somebody has changed is known by it. A file in which
//! anything was changed, or that is not there any more, belongs to whoever did that: it stays as it is, and further rejects
//! go to `rejects-2.ndjson`, and so on.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;
use serde::ser::SerializeMap;

use super::RecordKey;
use crate::clerk::COLUMNS;
use crate::files::{create_new_private, sync_directory_of};
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
        line.pop();
        line.extend_from_slice(&Check::of(&line));
        Ok(line)
    }
}

/// The end of a line, by which it is known to be as it was written.
struct Check;

impl Check {
    const START: &[u8] = b",\"line_check\":\"";
    const LENGTH: usize = Self::START.len() + 8 + 2;

    fn of(line: &[u8]) -> Vec<u8> {
        Self::of_sum(crc32fast::hash(line))
    }

    fn of_sum(sum: u32) -> Vec<u8> {
        [Self::START, format!("{sum:08x}\"}}").as_bytes()].concat()
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
    dirty: bool,
}

/// The number of the first file.
pub(super) const FIRST: u32 = 1;

/// What an earlier part of a run left of a file, or another process since.
enum Left {
    /// Nothing that counts.
    Nothing,
    /// All that counts, and perhaps more that does not.
    All,
    /// Something else, which is not the run's any more.
    Changed,
}

impl RejectsFile {
    /// Lines that are written at once.
    const BUFFERED: usize = 64 * 1024;

    /// A file to be made at `first`, which lies in the directory that is named after the run.
    fn new(first: PathBuf) -> Self {
        let run = first.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let (earlier, waiting) = (Vec::new(), Vec::new());
        Self { first, number: FIRST, earlier, run, file: None, written: 0, waiting, dirty: false }
    }

    /// Goes on with the last of the files that count, of which `bytes` count. What an interruption left behind them is cut
    /// off. A file that somebody changed is not touched: another one is begun.
    pub(super) fn resume(first: PathBuf, mut files: Vec<u32>, bytes: u64) -> io::Result<Self> {
        let number = files.pop().unwrap_or(FIRST);
        let mut rejects = Self { number, earlier: files, written: bytes, ..Self::new(first) };
        loop {
            let path = rejects.path();
            match look_at(&path, rejects.written)? {
                Left::Nothing => return Ok(rejects),
                Left::All if rejects.written == 0 => {
                    std::fs::remove_file(&path)?;
                    return Ok(rejects);
                }
                Left::All => {
                    let mut file = OpenOptions::new().write(true).open(&path)?;
                    file.set_len(rejects.written)?;
                    file.seek(SeekFrom::Start(rejects.written))?;
                    return Ok(Self { file: Some(file), ..rejects });
                }
                Left::Changed => rejects.leave(),
            }
        }
    }

    /// The path of a run's rejects file with this number.
    pub(super) fn numbered(first: &Path, number: u32) -> PathBuf {
        match number {
            FIRST => first.to_path_buf(),
            _ => first.with_file_name(format!("rejects-{number}.ndjson")),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        Self::numbered(&self.first, self.number)
    }

    /// Which file it is, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Where all rejects are.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let current = self.file.as_ref().map(|_| self.number);
        self.earlier.iter().copied().chain(current).map(|number| Self::numbered(&self.first, number))
    }

    /// Its length with everything that was appended.
    pub(super) fn bytes(&self) -> u64 {
        self.written + self.waiting.len() as u64
    }

    /// Appends a reject.
    pub(super) fn append(&mut self, reject: &Reject) -> io::Result<()> {
        if !self.dirty {
            self.begin_group()?;
            self.dirty = true;
        }
        self.waiting.extend_from_slice(&reject.line(&self.run)?);
        self.waiting.push(b'\n');
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

    /// Leaves the file to whoever changed it.
    fn leave(&mut self) {
        let changed = self.path();
        if self.written > 0 {
            self.earlier.push(self.number);
        }
        (self.number, self.file, self.written) = (self.number + 1, None, 0);
        tracing::warn!(
            "somebody changed or moved `{}` before the run was finished, so it stays as it is; further rejects go to `{}`",
            changed.display(),
            self.path().display()
        );
    }
}

/// Where rejects go that take the place of earlier ones: there, unless somebody changed those.
pub fn rejects_path(first: &Path) -> io::Result<PathBuf> {
    let mut number = FIRST;
    loop {
        let path = RejectsFile::numbered(first, number);
        if !matches!(look_at(&path, 0)?, Left::Changed) {
            return Ok(path);
        }
        number += 1;
    }
}

/// Whether a path still leads to this file, of this length.
fn is_still(file: &File, path: &Path, length: u64) -> io::Result<bool> {
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    #[cfg(unix)]
    let is_same = {
        use std::os::unix::fs::MetadataExt;
        let ours = file.metadata()?;
        (ours.dev(), ours.ino()) == (there.dev(), there.ino())
    };
    // Elsewhere a file that is open cannot be replaced.
    #[cfg(not(unix))]
    let is_same = file.metadata().is_ok();
    Ok(is_same && there.is_file() && there.len() == length)
}

/// Looks at what was left of a file of which `counted` bytes count: whole lines, each as it was written. Behind them an
/// interruption leaves more of these, of which the last may be cut off, and a power cut leaves zeros in any of them.
fn look_at(path: &Path, counted: u64) -> io::Result<Left> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(if counted == 0 { Left::Nothing } else { Left::Changed });
        }
        Err(error) => return Err(error),
    };
    if !metadata.is_file() || metadata.len() < counted {
        return Ok(Left::Changed);
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let (mut start, mut line) = (0, Line::default());
    while line.read(&mut reader)? {
        let end = start + line.length;
        let is_torn = start >= counted && (line.has_zeros || !line.is_whole);
        if !(is_torn || line.is_as_written()) || start < counted && end > counted {
            return Ok(Left::Changed);
        }
        (start, line) = (end, Line::default());
    }
    Ok(Left::All)
}

/// A line of a rejects file while it is read; it may be of any length.
#[derive(Default)]
struct Line {
    length: u64,
    is_whole: bool,
    has_zeros: bool,
    sum: crc32fast::Hasher,
    /// The last bytes, which are not summed up: they may be the check.
    end: Vec<u8>,
}

impl Line {
    /// Reads the next line; false at the end of the file.
    fn read(&mut self, reader: &mut impl BufRead) -> io::Result<bool> {
        while !self.is_whole {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let line_break = memchr::memchr(b'\n', piece);
            let content = &piece[..line_break.unwrap_or(piece.len())];
            self.has_zeros |= memchr::memchr(0, content).is_some();
            self.end.extend_from_slice(content);
            let surplus = self.end.len().saturating_sub(Check::LENGTH);
            self.sum.update(&self.end[..surplus]);
            self.end.drain(..surplus);
            let consumed = content.len() + usize::from(line_break.is_some());
            self.length += consumed as u64;
            self.is_whole = line_break.is_some();
            reader.consume(consumed);
        }
        Ok(self.length > 0)
    }

    fn is_as_written(&self) -> bool {
        self.is_whole && self.end == Check::of_sum(self.sum.clone().finalize())
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
    fn only_what_is_as_it_was_written_is_the_runs_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects.ndjson");
        let (one, two) = (line_of(b"{\"id\":\"one\"}") + "\n", line_of(b"{\"id\":\"two\"}") + "\n");
        let both = one.clone() + &two;
        let is_own = |content: &str, counted: usize| {
            std::fs::write(&path, content).unwrap();
            matches!(look_at(&path, counted as u64).unwrap(), Left::All)
        };
        for counted in [0, one.len(), both.len()] {
            assert!(is_own(&both, counted), "{counted}");
            // What an interruption or a power cut may leave behind what counts.
            assert!(is_own(&both[..both.len() - 9], counted.min(one.len())), "{counted}");
            assert!(is_own(&(both.clone() + "\0\0\0"), counted), "{counted}");
            for changed in [
                both.replace("one", "1"),
                both.replace("two", "2"),
                both.clone() + "{\"id\":\"three\"}\n",
                both.clone() + "\n",
                both.replace(&one, "{\"id\":\"one\"}\n"),
                both.replace('\n', "\r\n"),
            ] {
                assert!(!is_own(&changed, counted), "{counted}: {changed}");
            }
        }
        assert!(!is_own(&one, both.len()), "a line is missing");
        assert!(!is_own(&two, one.len() + 1), "what counts ends within a line");
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(look_at(&path, 0).unwrap(), Left::Nothing));
        assert!(matches!(look_at(&path, 1).unwrap(), Left::Changed), "it was moved away");
    }

    #[test]
    fn the_fault_is_placed_in_the_input() {
        let line: serde_json::Value = serde_json::from_str(&line_of(b"{\n\"id\": oops}")).unwrap();
        assert_eq!(line["code"], "invalid_json");
        assert_eq!(line["fault"], serde_json::json!({"line": 8, "offset": 8}));
        assert_eq!(line["position"]["record"], 3);
    }
}
