//! Walks the JSON around arrays of users, strictly and with exact positions.
//!
//! A document is one page of users, or several pages, one behind the other or in one array. A page is an array of users, or
//! an object whose `data` is such an array. What is between the arrays is walked here, the objects with struson; what is in
//! the arrays is for the framer.
//!
//! struson reads ahead into its own buffer. So the bytes that it gets stay in the reader's buffer until struson has surely
//! passed them; framing then goes on in the same buffer where struson stopped. Behind an array's `]`, a new struson reader
//! reads the rest of the object. It first gets a stand-in for what was already read.

mod faults;

use std::cell::Cell;
use std::io::Read;
use std::sync::Arc;

use memchr::memchr_iter;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings};

use super::answer::ANSWER;
use super::byte_order_mark::BYTE_ORDER_MARK;
use super::diagnose::{TRAILING, settings};
use super::frame::Bounds;
use super::misplaced::{LITERAL, OBJECT, in_place_of_page, misplaced};
use super::page::{Beside, Head, Json, Omitted, Page, find_data, rest_of_object};
use super::record::to_index;
use super::unread::{Stop, Unread, UnreadSource};
use super::{Format, Place, SourceError};

/// What struson reads in place of everything up to and including the array's `]`.
const STAND_IN: &[u8] = br#"{"":[]"#;

/// What follows a page.
pub(super) enum Behind {
    /// Another page; its users begin here.
    Page(Page, Place),
    /// An error answer of the API in place of a page, and where it ends.
    Answer(Bounds, Place),
    /// The end of the input.
    End,
    /// The records in the buffer must be returned before this can be known.
    RecordsFirst,
}

/// What begins where a page may begin.
pub(super) enum PageStart {
    /// A page, up to its users.
    Page(Page),
    /// An error answer of the API.
    Answer(Bounds),
}

/// A walk outside the users, beginning at a place.
pub(super) struct Walk<'w, 'r> {
    pub unread: Unread<'r>,
    pub format: Format,
    pub place: Place,
    /// How many records were read so far.
    pub records: u64,
    pub input: &'w Arc<str>,
}

/// Why a walk stopped.
enum Halt {
    /// The records in the buffer must be returned first.
    RecordsFirst,
    Failed(SourceError),
}

impl From<SourceError> for Halt {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

impl Walk<'_, '_> {
    /// Walks up to the first user of the first page, or past an error answer in its place.
    pub(super) fn open(mut self) -> Result<(PageStart, Place), SourceError> {
        let opened = self.first().map_err(|halt| match halt {
            Halt::Failed(error) => error,
            // This cannot be needed: no record was read yet.
            Halt::RecordsFirst => self.truncated(),
        });
        opened.map(|found| (found, self.place))
    }

    fn first(&mut self) -> Result<PageStart, Halt> {
        if self.format.is_array_of_pages() {
            if self.next_byte(false)? != Some(b'[') {
                return Err(self.syntax("an array of pages is expected").into());
            }
            self.pass(1);
        }
        self.page()
    }

    /// Walks from the `]` of a page to the first user of the next page, or to the end of the input. Counts what was beside
    /// the users of the page.
    pub(super) fn go_on(mut self, page: &Page) -> Result<(Behind, Omitted), SourceError> {
        let mut counts = Omitted::default();
        match self.behind(page, &mut counts) {
            Ok(Some(PageStart::Page(page))) => Ok((Behind::Page(page, self.place), counts)),
            Ok(Some(PageStart::Answer(bounds))) => Ok((Behind::Answer(bounds, self.place), counts)),
            Ok(None) => Ok((Behind::End, counts)),
            // All of this will be walked again.
            Err(Halt::RecordsFirst) => Ok((Behind::RecordsFirst, Omitted::default())),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn behind(&mut self, page: &Page, counts: &mut Omitted) -> Result<Option<PageStart>, Halt> {
        if self.format.has_envelope() && !page.is_over {
            *counts = self.rest_of_object(page)?;
        }
        let in_array = self.format.is_array_of_pages();
        match (in_array, self.next_byte(!in_array)?) {
            (false, None) => Ok(None),
            (false, Some(b'{' | b'[')) => self.page().map(Some),
            (true, Some(b',')) => {
                self.pass(1);
                self.page().map(Some)
            }
            (true, Some(b']')) => {
                self.pass(1);
                if self.next_byte(false)?.is_some() { Err(self.syntax(TRAILING).into()) } else { Ok(None) }
            }
            (true, None) => Err(self.truncated().into()),
            (true, Some(_)) => Err(self.syntax("a comma is missing").into()),
            (false, Some(_)) => {
                let found = self.found()?;
                Err(self.no_page(found).into())
            }
        }
    }

    /// Walks from the beginning of a page to its first user.
    fn page(&mut self) -> Result<PageStart, Halt> {
        let has_envelope = self.format.has_envelope();
        let origin = match self.next_byte(false)? {
            None => return Err(self.truncated().into()),
            Some(b'[') if !has_envelope => {
                self.pass(1);
                return Ok(PageStart::Page(Page::default()));
            }
            Some(b'{') => self.place,
            Some(_) => {
                let found = self.found()?;
                return Err(self.no_page(found).into());
            }
        };
        let head = self.json(b"", find_data)?;
        let end = self.place.offset;
        match head {
            Head::Data(beside) if has_envelope => {
                let beside = Beside::default().and(&beside, |place| absolute(place, origin));
                self.refuse_what_is_lost(&beside, true)?;
                Ok(PageStart::Page(Page { beside, ..Page::default() }))
            }
            Head::Answer if end - origin.offset <= ANSWER as u64 => {
                Ok(PageStart::Answer(Bounds { start: origin.offset, end, line: origin.line }))
            }
            Head::Data(_) | Head::Answer | Head::Other => {
                self.place = origin;
                Err(self.no_page(Some(OBJECT)).into())
            }
        }
    }

    /// What is here in place of a page, if it is the beginning of anything.
    fn found(&mut self) -> Result<Option<&'static str>, Halt> {
        match self.unread.from(self.place.offset, LITERAL) {
            Ok(text) => Ok(in_place_of_page(text)),
            Err(Stop::RecordsFirst) => Err(Halt::RecordsFirst),
            Err(stop) => Err(self.failed(stop, self.place).into()),
        }
    }

    /// The error for what is in place of a page.
    fn no_page(&self, found: Option<&'static str>) -> SourceError {
        let (in_array, has_envelope) = (self.format.is_array_of_pages(), self.format.has_envelope());
        let Some(found) = found else {
            return self.syntax(if in_array { "no page of users stands behind the comma" } else { TRAILING });
        };
        if has_envelope && found == OBJECT && self.records == 0 && !in_array {
            // Detection has seen all of a short input, so this input is long, or no page has users.
            return self.wrong_shape("the object has no `data` array".to_owned());
        }
        let problem = misplaced(found, has_envelope);
        // Values in an array are JSON, and so are objects one behind the other, as this program reads them.
        let is_json = in_array || has_envelope && found == OBJECT;
        if is_json { self.wrong_shape(problem) } else { self.syntax(&problem) }
    }

    /// Walks the members behind the array, up to the end of the object. Returns how much is there that is not read.
    fn rest_of_object(&mut self, page: &Page) -> Result<Omitted, Halt> {
        let origin = Place { offset: self.place.offset - STAND_IN.len() as u64, ..self.place };
        let rest = self.json(STAND_IN, rest_of_object)?;
        if let Some(at) = rest.second {
            self.place = absolute(at, origin);
            let problem = "the object has `data` twice, a second `data` with users that would be lost; put all of them into \
                           one array";
            return Err(self.divided(problem.to_owned()).into());
        }
        let beside = page.beside.clone().and(&rest.beside, |place| absolute(place, origin));
        self.refuse_what_is_lost(&beside, page.has_users)?;
        Ok(beside.counts)
    }

    fn refuse_what_is_lost(&mut self, beside: &Beside, has_users: bool) -> Result<(), Halt> {
        let Some((problem, place)) = beside.lost(has_users) else { return Ok(()) };
        self.place = place;
        Err(self.divided(problem).into())
    }

    /// Lets struson walk from here, after a stand-in for what was read before, and goes on where it stopped.
    fn json<T>(
        &mut self,
        stand_in: &[u8],
        walk: impl FnOnce(&mut Json<'_>) -> Result<T, ReaderError>,
    ) -> Result<T, Halt> {
        let name = Cell::new(None);
        let mut source =
            UnreadSource { unread: &mut self.unread, at: self.place.offset, lines: 0, name: &name, stop: None };
        // The names of skipped members are not kept.
        let settings = ReaderSettings { track_path: false, ..settings() };
        let mut text = stand_in.chain(&mut source);
        let mut json = Json { reader: JsonStreamReader::new_custom(&mut text, settings), name: &name };
        let walked = walk(&mut json);
        let position = json.reader.current_position(false);
        drop(json);
        let UnreadSource { at, lines, stop, .. } = source;
        let origin = Place { offset: self.place.offset - stand_in.len() as u64, ..self.place };
        let walked = match (walked, stop) {
            (Ok(walked), _) => walked,
            (Err(_), Some(Stop::RecordsFirst)) => return Err(Halt::RecordsFirst),
            (Err(error), stop) => return Err(self.explain(&error, stop, origin).into()),
        };
        let offset = origin.offset + position.data_pos.unwrap_or(0);
        // struson counts a lone carriage return as a line; editors and the framer do not.
        let ahead = &self.unread.buffer[to_index(offset - *self.unread.base)..to_index(at - *self.unread.base)];
        let line = self.place.line + lines - memchr_iter(b'\n', ahead).count() as u64;
        self.place = Place { line, offset };
        Ok(walked)
    }

    /// The next byte that is not white space; it stays unread. A byte order mark may be before it if files were put
    /// together.
    fn next_byte(&mut self, marked: bool) -> Result<Option<u8>, Halt> {
        let mut mark: &[u8] = if marked { BYTE_ORDER_MARK } else { b"" };
        loop {
            let bytes = match self.unread.from(self.place.offset, BYTE_ORDER_MARK.len()) {
                Ok(bytes) => bytes,
                Err(Stop::RecordsFirst) => return Err(Halt::RecordsFirst),
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

    /// Goes past bytes that were seen and have no line break.
    fn pass(&mut self, count: usize) {
        self.place.offset += count as u64;
    }
}

/// A place that struson counted from its own beginning, as a place in the whole input.
fn absolute(place: Place, origin: Place) -> Place {
    Place { line: origin.line + place.line - 1, offset: origin.offset + place.offset }
}
