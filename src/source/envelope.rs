//! Walks the JSON around arrays of users, strictly and with exact positions.
//!
//! A document is one page of users, or several put together: one behind the other, or in one array. A page is an array of
//! users, or an object whose `data` is one. What is between the arrays is walked here, the objects by struson; what is in
//! them is for the framer.
//!
//! struson reads ahead in its own buffer, so the bytes that it is given stay in the reader's buffer until they are surely
//! behind it: where it stopped, framing goes on in the same buffer. Behind an array's `]` a new struson reader goes on with
//! the rest of the object, for which it is first shown a stand-in for what was already read.

use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;

use memchr::memchr_iter;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use super::buffer::Buffer;
use super::detect::{BYTE_ORDER_MARK, DATA, is_field};
use super::diagnose::{SyntaxFault, TRAILING, fault, settings};
use super::record::to_index;
use super::{Format, Place, SourceError};

/// What struson sees in place of everything up to and including the array's `]`.
const STAND_IN: &[u8] = br#"{"":[]"#;

/// More than struson can have read ahead, whose buffer holds 1 KiB.
const BEHIND: u64 = 8 * 1024;

/// The longest name that a member of an envelope can have, in bytes; struson keeps it as a whole.
const NAME: u64 = 64 * 1024;

/// Bytes of an input: those in a buffer, the first of which is at `base`, and those behind them.
pub(super) struct Unread<'r> {
    pub buffer: &'r mut Buffer,
    pub base: &'r mut u64,
    pub reader: &'r mut dyn Read,
    /// How many bytes are in the buffer if it is full.
    pub full: usize,
    /// Whether there are records in the buffer, which have to be handed out before it can take more than is in it.
    pub holds_records: bool,
}

/// Why bytes cannot be read.
enum Stop {
    /// The records in the buffer have to be handed out first.
    Full,
    /// A name has no end.
    LongName,
    Failed(io::Error),
}

impl Unread<'_> {
    /// The bytes from this offset on: so many at least, unless there are no more. Those far before it may be gone then.
    fn from(&mut self, offset: u64, least: usize) -> Result<&[u8], Stop> {
        while to_index(offset - *self.base) + least > self.buffer.len() {
            if self.buffer.len() >= self.full {
                if self.holds_records {
                    return Err(Stop::Full);
                }
                let from = offset.saturating_sub(BEHIND).max(*self.base);
                self.buffer.drop_first(to_index(from - *self.base));
                *self.base = from;
            }
            match self.reader.read(self.buffer.free()) {
                Ok(0) => break,
                Ok(count) => self.buffer.add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
        Ok(self.buffer.get(to_index(offset - *self.base)..).unwrap_or_default())
    }
}

/// What struson reads from.
struct Source<'s, 'r> {
    unread: &'s mut Unread<'r>,
    at: u64,
    /// Line breaks among the bytes given out.
    lines: u64,
    /// How many bytes there may be up to the end of a name, while one is read.
    name: &'s Cell<Option<u64>>,
    stop: Option<Stop>,
}

impl Read for Source<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = match self.name.get() {
            Some(0) => Err(Stop::LongName),
            _ => self.unread.from(self.at, 1),
        };
        match found {
            Ok(bytes) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                self.at += count as u64;
                self.lines += memchr_iter(b'\n', &buffer[..count]).count() as u64;
                self.name.set(self.name.get().map(|left| left.saturating_sub(count as u64)));
                Ok(count)
            }
            Err(stop) => {
                self.stop = Some(stop);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

/// A struson reader, and what bounds the names that it reads.
struct Json<'s> {
    reader: JsonStreamReader<&'s mut dyn Read>,
    name: &'s Cell<Option<u64>>,
}

impl Json<'_> {
    fn next_name(&mut self) -> Result<String, ReaderError> {
        self.name.set(Some(NAME));
        let name = self.reader.next_name_owned();
        self.name.set(None);
        name
    }

    /// Goes past a value; whether it is an array that begins with an object.
    fn skip_value(&mut self) -> Result<bool, ReaderError> {
        if self.reader.peek()? != ValueType::Array {
            return self.reader.skip_value().map(|()| false);
        }
        self.reader.begin_array()?;
        let begins_with_object = self.reader.has_next()? && self.reader.peek()? == ValueType::Object;
        while self.reader.has_next()? {
            self.reader.skip_value()?;
        }
        self.reader.end_array()?;
        Ok(begins_with_object)
    }
}

/// What is known of the page whose users are read.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Whether it had any so far.
    pub has_users: bool,
    /// The name of another member that may be meant to hold them.
    beside: Option<String>,
}

impl Page {
    /// One whose users are gone on with.
    pub(super) fn under_way() -> Self {
        Self { has_users: true, beside: None }
    }
}

/// What comes behind a page.
pub(super) enum Behind {
    /// Another one; its users begin here.
    Page(Page, Place),
    /// The end of the input.
    End,
    /// The records in the buffer have to be handed out before that can be known.
    HandOut,
}

/// A walk outside the users, from a place on.
pub(super) struct Walk<'w, 'r> {
    pub unread: Unread<'r>,
    pub format: Format,
    pub place: Place,
    /// How many records were read so far.
    pub records: u64,
    pub input: &'w Arc<str>,
}

/// Why a walk is over.
enum Halt {
    HandOut,
    Failed(SourceError),
}

impl From<SourceError> for Halt {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

impl Walk<'_, '_> {
    /// Walks up to the first user of the first page.
    pub(super) fn open(mut self) -> Result<(Page, Place), SourceError> {
        let opened = self.first().map_err(|halt| match halt {
            Halt::Failed(error) => error,
            // Nothing was read yet.
            Halt::HandOut => self.truncated(),
        });
        opened.map(|page| (page, self.place))
    }

    fn first(&mut self) -> Result<Page, Halt> {
        if self.format.is_array_of_pages() {
            if self.next_byte(false)? != Some(b'[') {
                return Err(self.syntax("an array of pages is expected").into());
            }
            self.pass(1);
        }
        self.page()
    }

    /// Walks from behind a page's `]` to the first user of the next one, or to the end of the input.
    pub(super) fn go_on(mut self, page: &Page) -> Result<Behind, SourceError> {
        match self.behind(page) {
            Ok(Some(page)) => Ok(Behind::Page(page, self.place)),
            Ok(None) => Ok(Behind::End),
            Err(Halt::HandOut) => Ok(Behind::HandOut),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn behind(&mut self, page: &Page) -> Result<Option<Page>, Halt> {
        if self.format.has_envelope() {
            self.rest_of_object(page)?;
        }
        let in_array = self.format.is_array_of_pages();
        match (in_array, self.next_byte(!in_array)?) {
            (false, None) => Ok(None),
            (false, Some(byte)) if byte == self.opener() => self.page().map(Some),
            (true, Some(b',')) => {
                self.pass(1);
                self.page().map(Some)
            }
            (true, Some(b']')) => {
                self.pass(1);
                if self.next_byte(false)?.is_some() { Err(self.syntax(TRAILING).into()) } else { Ok(None) }
            }
            (true, None) => Err(self.truncated().into()),
            (_, Some(_)) => Err(self.syntax(if in_array { "a comma is missing" } else { TRAILING }).into()),
        }
    }

    /// The first byte of a page.
    fn opener(&self) -> u8 {
        if self.format.has_envelope() { b'{' } else { b'[' }
    }

    /// Walks from in front of a page to its first user.
    fn page(&mut self) -> Result<Page, Halt> {
        match self.next_byte(false)? {
            None => return Err(self.truncated().into()),
            Some(byte) if byte == self.opener() => {}
            Some(_) => {
                let kind = if self.format.has_envelope() { "an object with a `data` array" } else { "an array" };
                return Err(self.wrong_shape(format!("a page of users is not {kind}, as the first one is")).into());
            }
        }
        if !self.format.has_envelope() {
            self.pass(1);
            return Ok(Page::default());
        }
        let origin = self.place;
        if let Some(page) = self.json(b"", find_data)? {
            return Ok(page);
        }
        // Detection saw all of a short input, so this one is long, or no first page.
        self.place = origin;
        Err(self.wrong_shape("the object has no `data` array".to_owned()).into())
    }

    /// Walks the members behind the array, and the object's end.
    fn rest_of_object(&mut self, page: &Page) -> Result<(), Halt> {
        let origin = self.place;
        let rest = self.json(STAND_IN, rest_of_object)?;
        if let Some(at) = rest.second {
            self.place = absolute(at, Place { offset: origin.offset - STAND_IN.len() as u64, ..origin });
            let problem = "the object has a second `data`; its users would be lost, so put them into one array";
            return Err(self.wrong_shape(problem.to_owned()).into());
        }
        match page.beside.as_ref().or(rest.beside.as_ref()).filter(|_| !page.has_users) {
            None => Ok(()),
            Some(name) => {
                self.place = origin;
                let name = if is_field(name) { format!("`{name}`") } else { "another member".to_owned() };
                let problem = format!(
                    "its `data` is empty, while {name} beside it is an array of objects; if these are the users, put them \
                     into `data`, for example with `jq`; if not, leave them out"
                );
                Err(self.wrong_shape(problem).into())
            }
        }
    }

    /// Lets struson walk from here, behind what stands in for what was read before, and goes on where it stopped.
    fn json<T>(
        &mut self,
        stand_in: &[u8],
        walk: impl FnOnce(&mut Json<'_>) -> Result<T, ReaderError>,
    ) -> Result<T, Halt> {
        let name = Cell::new(None);
        let mut source = Source { unread: &mut self.unread, at: self.place.offset, lines: 0, name: &name, stop: None };
        // Names of members within what is skipped are not kept.
        let settings = ReaderSettings { track_path: false, ..settings() };
        let mut text = stand_in.chain(&mut source);
        let mut json = Json { reader: JsonStreamReader::new_custom(&mut text, settings), name: &name };
        let walked = walk(&mut json);
        let position = json.reader.current_position(false);
        drop(json);
        let Source { at, lines, stop, .. } = source;
        let origin = Place { offset: self.place.offset - stand_in.len() as u64, ..self.place };
        let walked = match (walked, stop) {
            (Ok(walked), _) => walked,
            (Err(_), Some(Stop::Full)) => return Err(Halt::HandOut),
            (Err(error), stop) => return Err(self.explain(&error, stop, origin).into()),
        };
        let offset = origin.offset + position.data_pos.unwrap_or(0);
        // struson counts a lone carriage return as a line; editors and the framer do not.
        let ahead = &self.unread.buffer[to_index(offset - *self.unread.base)..to_index(at - *self.unread.base)];
        let line = self.place.line + lines - memchr_iter(b'\n', ahead).count() as u64;
        self.place = Place { line, offset };
        Ok(walked)
    }

    /// The next byte that is no white space, which stays unread. A byte order mark may be in front of it where files are
    /// put together.
    fn next_byte(&mut self, marked: bool) -> Result<Option<u8>, Halt> {
        let mut mark: &[u8] = if marked { BYTE_ORDER_MARK } else { b"" };
        loop {
            let bytes = match self.unread.from(self.place.offset, BYTE_ORDER_MARK.len()) {
                Ok(bytes) => bytes,
                Err(Stop::Full) => return Err(Halt::HandOut),
                Err(stop) => return Err(self.failed(stop, self.place).into()),
            };
            let space = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
            let lines = memchr_iter(b'\n', &bytes[..space]).count() as u64;
            let next = bytes.get(space).copied();
            let is_mark = !mark.is_empty() && space == 0 && bytes.starts_with(mark);
            let is_over = bytes.is_empty();
            self.place.line += lines;
            self.place.offset += space as u64;
            if is_mark {
                self.pass(std::mem::take(&mut mark).len());
            } else if is_over || space == 0 {
                return Ok(next);
            }
        }
    }

    /// Goes past bytes that were seen, none of which is a line break.
    fn pass(&mut self, count: usize) {
        self.place.offset += count as u64;
    }

    fn explain(&self, error: &ReaderError, stop: Option<Stop>, origin: Place) -> SourceError {
        let SyntaxFault { place, problem, ends_early, .. } = fault(error);
        let place = absolute(place, origin);
        match stop {
            Some(stop) => self.failed(stop, place),
            None if ends_early => self.truncated_at(place),
            None => SourceError::Syntax { input: Arc::clone(self.input), place, problem: problem.to_owned() },
        }
    }

    fn failed(&self, stop: Stop, place: Place) -> SourceError {
        let input = Arc::clone(self.input);
        match stop {
            Stop::Failed(reason) => SourceError::read(&input, place, reason),
            Stop::LongName | Stop::Full => {
                let problem = format!("the name of a member is longer than {NAME} bytes");
                SourceError::WrongShape { input, place, problem }
            }
        }
    }

    fn syntax(&self, problem: &str) -> SourceError {
        SourceError::Syntax { input: Arc::clone(self.input), place: self.place, problem: problem.to_owned() }
    }

    fn wrong_shape(&self, problem: String) -> SourceError {
        SourceError::WrongShape { input: Arc::clone(self.input), place: self.place, problem }
    }

    fn truncated(&self) -> SourceError {
        self.truncated_at(self.place)
    }

    fn truncated_at(&self, place: Place) -> SourceError {
        let inside = if self.records == 0 { "before the first record" } else { "behind the array of users" };
        let (input, records) = (Arc::clone(self.input), self.records);
        SourceError::Truncated { input, place, inside: inside.to_owned(), records }
    }
}

/// Walks an object up to the first user in its `data`; `None` if it has none.
fn find_data(json: &mut Json<'_>) -> Result<Option<Page>, ReaderError> {
    let mut beside = None;
    json.reader.begin_object()?;
    while json.reader.has_next()? {
        let name = json.next_name()?;
        if name == DATA {
            json.reader.begin_array()?;
            return Ok(Some(Page { has_users: false, beside }));
        }
        if json.skip_value()? {
            beside = Some(name);
        }
    }
    Ok(None)
}

/// What is behind the array of users.
struct Rest {
    /// The place of a second `data`, which nobody could mean.
    second: Option<Place>,
    /// The name of an array of objects.
    beside: Option<String>,
}

fn rest_of_object(json: &mut Json<'_>) -> Result<Rest, ReaderError> {
    let mut rest = Rest { second: None, beside: None };
    json.reader.begin_object()?;
    json.reader.next_name()?;
    json.reader.skip_value()?;
    while json.reader.has_next()? {
        let name = json.next_name()?;
        if name == DATA {
            let position = json.reader.current_position(false);
            let line = position.line_pos.map_or(0, |line| line.line) + 1;
            rest.second = Some(Place { line, offset: position.data_pos.unwrap_or(0) });
            return Ok(rest);
        }
        if json.skip_value()? {
            rest.beside = Some(name);
        }
    }
    json.reader.end_object()?;
    Ok(rest)
}

/// A place that struson counted from its own start, in terms of the whole input.
fn absolute(place: Place, origin: Place) -> Place {
    Place { line: origin.line + place.line - 1, offset: origin.offset + place.offset }
}
