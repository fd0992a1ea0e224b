//! Walks the JSON around the array of users with struson, strictly and with exact positions.
//!
//! struson reads ahead in its own buffer, so the reader underneath keeps the last bytes it handed out: once the array's
//! `[` is found, those behind it are given back and framing begins there. Behind the array's `]` a new struson reader
//! goes on with the rest of the object, for which it is first shown a stand-in for what was already read.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::memchr_iter;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError};

use super::detect::DATA;
use super::diagnose::{SyntaxFault, fault, settings};
use super::{Place, SourceError};

/// What struson sees in place of everything up to and including the array's `]`.
const STAND_IN: &[u8] = br#"{"":[]"#;

/// More than struson can have read ahead, whose buffer holds 1 KiB.
const TAIL: usize = 8 * 1024;

/// Where the elements begin, and the bytes from there on that were already taken from the reader.
pub(super) struct Opening {
    /// Right behind the array's `[`.
    pub place: Place,
    /// Bytes at and behind that place.
    pub ahead: Vec<u8>,
}

/// Reads up to and including the `[` of `data`, or of the top-level array. `offset` is that of the reader's first byte.
pub(super) fn open_array(
    reader: &mut dyn Read,
    top_level: bool,
    offset: u64,
    input: &Arc<str>,
) -> Result<Opening, SourceError> {
    let mut tail = TailReader { reader, tail: Vec::with_capacity(2 * TAIL), given: 0, lines: 0, failure: None };
    let mut json = JsonStreamReader::new_custom(&mut tail, settings());
    let walked = if top_level { json.begin_array().map(|()| true) } else { find_data(&mut json) };
    let position = json.current_position(false);
    drop(json);
    let origin = Place { line: 1, offset };
    match walked {
        Ok(true) => {}
        // Detection saw all of a short input, so this one is long: its `data` came too late or not at all.
        Ok(false) => {
            let problem = "the object has no `data` array".to_owned();
            return Err(SourceError::WrongShape { input: Arc::clone(input), place: origin, problem });
        }
        Err(error) => return Err(explain(&error, tail.failure.take(), origin, 0, input)),
    }
    let behind = position.data_pos.unwrap_or(0);
    let start = tail.tail.len().saturating_sub(super::record::to_index(tail.given - behind));
    let ahead = tail.tail.split_off(start);
    // struson counts a lone carriage return as a line; editors and the framer do not.
    let line = 1 + tail.lines - memchr_iter(b'\n', &ahead).count() as u64;
    Ok(Opening { place: Place { line, offset: offset + behind }, ahead })
}

fn find_data<R: Read>(json: &mut JsonStreamReader<R>) -> Result<bool, ReaderError> {
    json.begin_object()?;
    while json.has_next()? {
        if json.next_name_owned()? == DATA {
            json.begin_array()?;
            return Ok(true);
        }
        json.skip_value()?;
    }
    Ok(false)
}

/// Reads from behind the array's `]`, which is at `place`, to the end of the input.
pub(super) fn close(
    reader: impl Read,
    top_level: bool,
    place: Place,
    records: u64,
    input: &Arc<str>,
) -> Result<(), SourceError> {
    let stand_in = if top_level { b"[]".as_slice() } else { STAND_IN };
    let mut tail = TailReader { reader: stand_in.chain(reader), tail: Vec::new(), given: 0, lines: 0, failure: None };
    let mut json = JsonStreamReader::new_custom(&mut tail, settings());
    let origin = Place { line: place.line, offset: place.offset - stand_in.len() as u64 };
    let walked = if top_level {
        json.skip_value().map(|()| None).and_then(|none| json.consume_trailing_whitespace().map(|()| none))
    } else {
        rest_of_object(json)
    };
    match walked {
        Ok(None) => Ok(()),
        Ok(Some(second)) => Err(SourceError::WrongShape {
            input: Arc::clone(input),
            place: absolute(second, origin),
            problem: "the object has a second `data`; its users would be lost, so put them into one array".to_owned(),
        }),
        Err(error) => Err(explain(&error, tail.failure.take(), origin, records, input)),
    }
}

/// Walks the members behind the array; returns the place of a second `data`, which nobody could mean.
fn rest_of_object<R: Read>(mut json: JsonStreamReader<R>) -> Result<Option<Place>, ReaderError> {
    json.begin_object()?;
    json.next_name()?;
    json.skip_value()?;
    while json.has_next()? {
        if json.next_name_owned()? == DATA {
            let position = json.current_position(false);
            let line = position.line_pos.map_or(0, |line| line.line) + 1;
            return Ok(Some(Place { line, offset: position.data_pos.unwrap_or(0) }));
        }
        json.skip_value()?;
    }
    json.end_object()?;
    json.consume_trailing_whitespace()?;
    Ok(None)
}

/// A place that struson counted from its own start, in terms of the whole input.
fn absolute(place: Place, origin: Place) -> Place {
    Place { line: origin.line + place.line - 1, offset: origin.offset + place.offset }
}

fn explain(
    error: &ReaderError,
    failure: Option<io::Error>,
    origin: Place,
    records: u64,
    input: &Arc<str>,
) -> SourceError {
    let SyntaxFault { place, problem, ends_early, .. } = fault(error);
    let place = absolute(place, origin);
    if let Some(reason) = failure {
        return SourceError::read(input, place, reason);
    }
    let input = Arc::clone(input);
    if ends_early {
        let inside = if records == 0 { "before the first record" } else { "behind the array of users" };
        return SourceError::Truncated { input, place, inside: inside.to_owned(), records };
    }
    SourceError::Syntax { input, place, problem: problem.to_owned() }
}

/// Remembers the last bytes it gave out, and the error that ended it (struson only tells of the text).
struct TailReader<R> {
    reader: R,
    tail: Vec<u8>,
    given: u64,
    /// Line breaks among the bytes given out.
    lines: u64,
    failure: Option<io::Error>,
}

impl<R: Read> Read for TailReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = buffer.len().min(TAIL / 2);
        let count = match self.reader.read(&mut buffer[..limit]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                return Err(kind.into());
            }
        };
        if self.tail.len() + count > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        self.tail.extend_from_slice(&buffer[..count]);
        self.given += count as u64;
        self.lines += memchr_iter(b'\n', &buffer[..count]).count() as u64;
        Ok(count)
    }
}
