//! The rejects file: one line a record, with the reason and the record itself, so that it can be mended and imported.
//!
//! ```json
//! {"code":"no_email","message":"…","field":"email_addresses","run":"…","request":"…","position":{…},"original":{…},"line_check":"…"}
//! {"code":"invalid_row","message":"…","run":"…","position":{…},"header":["id",…],"separator":",","original":"user_7,…","line_check":"…"}
//! ```
//!
//! `request` is the id of the request that the target refused, if it did. `original` is the record as JSON, also of a row of
//! a CSV. A record that is no JSON stands there as a string, and so does a row whose cells cannot be told, with the header
//! under which it is read once it is mended; one that is not even UTF-8 is in `original_base64`. A record that was too large to
//! be kept has neither: its position says where to find it.
//!
//! `line_check` is the CRC-32 of what is before it in its line: a line that somebody has changed is known by it. Lines that were
//! sorted or left out are known by the sum that the journal keeps of all that counts. A file in which anything was changed, or
//! that is not there any more, belongs to the person who did that: it stays as it is, and further rejects go to
//! `rejects-2.ndjson`, and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;
use serde::ser::SerializeMap;

use super::run_directory::create_new_private;
use super::{RecordKey, RejectsEnd, sync_directory_of};
use crate::clerk::COLUMNS;
use crate::mapping::{Content, EarlierRecord, RejectCode, Rejection, content};
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

    /// The same, refused by the target in this request.
    #[must_use]
    pub fn in_request(self, id: Option<&str>) -> Self {
        Self { request: id.map(str::to_owned), ..self }
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
        Ok(Content::Json(json)) => (json.into_owned(), None),
        Ok(Content::Row(row)) => match row.cells() {
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

/// What the journal counts on in a rejects file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    /// Its length.
    pub bytes: u64,
    /// The CRC-32 of these bytes, if the journal tells it: those of earlier versions do not.
    pub sum: Option<u32>,
}

impl From<RejectsEnd> for Counted {
    fn from(RejectsEnd { bytes, sum }: RejectsEnd) -> Self {
        Self { bytes, sum: Some(sum) }
    }
}

/// The number of the first file.
pub(super) const FIRST: u32 = 1;

/// What an earlier part of a run left of a file, or another process since.
enum Left {
    /// Nothing that counts.
    Nothing,
    /// All that counts, of which this is the sum, and perhaps more that does not.
    All(crc32fast::Hasher),
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
        let sum = crc32fast::Hasher::new();
        Self { first, number: FIRST, earlier, run, file: None, written: 0, waiting, sum, dirty: false }
    }

    /// Goes on with the last of the files that count. What an interruption left behind that is cut off. A file that somebody
    /// changed is not touched: another one is begun.
    pub(super) fn resume(first: PathBuf, mut files: Vec<u32>, mut counted: Counted) -> io::Result<Self> {
        let number = files.pop().unwrap_or(FIRST);
        let mut rejects = Self { number, earlier: files, written: counted.bytes, ..Self::new(first) };
        loop {
            let path = rejects.path();
            match look_at(&path, counted)? {
                Left::Nothing => return Ok(rejects),
                Left::All(_) if rejects.written == 0 => {
                    std::fs::remove_file(&path)?;
                    return Ok(rejects);
                }
                Left::All(sum) => {
                    let mut file = OpenOptions::new().write(true).open(&path)?;
                    file.set_len(rejects.written)?;
                    file.seek(SeekFrom::Start(rejects.written))?;
                    return Ok(Self { file: Some(file), sum, ..rejects });
                }
                Left::Changed => rejects.leave(),
            }
            counted = Counted::default();
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
        let line = [reject.line(&self.run)?, vec![b'\n']].concat();
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

    /// Leaves the file to whoever changed it.
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

/// Where rejects go that take the place of earlier ones: there, unless somebody changed those.
pub fn rejects_path(first: &Path) -> io::Result<PathBuf> {
    let mut number = FIRST;
    loop {
        let path = RejectsFile::numbered(first, number);
        if !matches!(look_at(&path, Counted::default())?, Left::Changed) {
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

/// Looks at what was left of a file: what counts of it is whole lines, each as it was written. Behind them an interruption
/// leaves more of these, of which the last may be cut off, and a power cut leaves zeros in any of them.
fn look_at(path: &Path, counted: Counted) -> io::Result<Left> {
    let Counted { bytes: counted, sum: expected } = counted;
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
    let (mut sum, mut sum_of_counted) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    while line.read(&mut reader, &mut sum)? {
        let end = start + line.length;
        let is_left_over = start >= counted && line.is_torn(path, start)?;
        if !(is_left_over || line.is_as_written()) || start < counted && end > counted {
            return Ok(Left::Changed);
        }
        if end == counted {
            sum_of_counted = sum.clone();
        }
        (start, line) = (end, Line::default());
    }
    let is_right = expected.is_none_or(|expected| sum_of_counted.clone().finalize() == expected);
    Ok(if is_right { Left::All(sum_of_counted) } else { Left::Changed })
}

/// A line of a rejects file while it is read; it may be of any length.
#[derive(Default)]
struct Line {
    length: u64,
    is_whole: bool,
    first: Option<u8>,
    has_zeros: bool,
    sum: crc32fast::Hasher,
    /// The last bytes, which are not summed up: they may be the check.
    end: Vec<u8>,
}

impl Line {
    /// Reads the next line, and adds it to the sum of the file; false at the end of the file.
    fn read(&mut self, reader: &mut impl BufRead, of_file: &mut crc32fast::Hasher) -> io::Result<bool> {
        while !self.is_whole {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let line_break = memchr::memchr(b'\n', piece);
            let content = &piece[..line_break.unwrap_or(piece.len())];
            self.first = self.first.or(piece.first().copied());
            self.has_zeros |= memchr::memchr(0, content).is_some();
            self.end.extend_from_slice(content);
            let surplus = self.end.len().saturating_sub(Check::LENGTH);
            self.sum.update(&self.end[..surplus]);
            self.end.drain(..surplus);
            let consumed = content.len() + usize::from(line_break.is_some());
            of_file.update(&piece[..consumed]);
            self.length += consumed as u64;
            self.is_whole = line_break.is_some();
            reader.consume(consumed);
        }
        Ok(self.length > 0)
    }

    /// Whether this line, which begins at `start`, may be what an interruption left of one. A record that somebody has mended
    /// in an editor that writes no last line break is whole, which nothing that was cut off is. And a text in another encoding
    /// has zeros in it, but begins otherwise.
    fn is_torn(&self, path: &Path, start: u64) -> io::Result<bool> {
        if self.has_zeros {
            return Ok(matches!(self.first, Some(b'{' | 0)));
        }
        if self.is_whole {
            return Ok(false);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(serde_json::from_reader::<_, serde::de::IgnoredAny>(BufReader::new(file)).is_err())
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
            let Ok(Content::Json(original)) = content(line.as_bytes()) else { panic!("{line}") };
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
        let seen = |content: &str, counted: usize| {
            std::fs::write(&path, content).unwrap();
            let sum = both.as_bytes().get(..counted).map(crc32fast::hash);
            [None, sum]
                .map(|sum| matches!(look_at(&path, Counted { bytes: counted as u64, sum }).unwrap(), Left::All(_)))
        };
        let is_own = |content: &str, counted: usize| {
            let [without, with] = seen(content, counted);
            assert_eq!(without, with, "{content}");
            with
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
                format!("\u{feff}{both}"),
                // Mended, or added, in an editor that writes no last line break.
                both.replace("two", "2").trim_end().to_owned(),
                both.clone() + "{\"id\":\"three\"}",
                // As another encoding, where every second byte is zero.
                both.chars().fold("\u{feff}".to_owned(), |text, character| text + &format!("{character}\0")),
            ] {
                assert!(!is_own(&changed, counted), "{counted}: {changed}");
            }
        }
        assert!(!is_own(&one, both.len()), "a line is missing");
        assert!(!is_own(&two, one.len() + 1), "what counts ends within a line");
        std::fs::remove_file(&path).unwrap();
        let look_at = |bytes| look_at(&path, Counted { bytes, sum: None }).unwrap();
        assert!(matches!(look_at(0), Left::Nothing));
        assert!(matches!(look_at(1), Left::Changed), "it was moved away");
    }

    /// What counts is not what stands before that place any more: cut off there, it would lose one and have the other twice.
    #[test]
    fn lines_that_somebody_sorted_are_not_what_counts() {
        let directory = tempfile::tempdir().unwrap();
        let first = directory.path().join("rejects.ndjson");
        let (one, two) = (line_of(b"{\"id\":\"one\"}") + "\n", line_of(b"{\"id\":\"two\"}") + "\n");
        let counted = RejectsEnd { bytes: one.len() as u64, sum: crc32fast::hash(one.as_bytes()) }.into();
        let sorted = two + &one;
        std::fs::write(&first, &sorted).unwrap();
        let resumed = RejectsFile::resume(first.clone(), vec![FIRST], counted).unwrap();
        assert_eq!((resumed.number, std::fs::read_to_string(&first).unwrap()), (2, sorted));
        std::fs::write(&first, &one).unwrap();
        let resumed = RejectsFile::resume(first, vec![FIRST], counted).unwrap();
        assert_eq!(Counted::from(resumed.end()).bytes, one.len() as u64);
        assert_eq!(resumed.end().sum, crc32fast::hash(one.as_bytes()));
    }

    #[test]
    fn the_fault_is_placed_in_the_input() {
        let line: serde_json::Value = serde_json::from_str(&line_of(b"{\n\"id\": oops}")).unwrap();
        assert_eq!(line["code"], "invalid_json");
        assert_eq!(line["fault"], serde_json::json!({"line": 8, "offset": 8}));
        assert_eq!(line["position"]["record"], 3);
    }
}
