//! The reference for the reader, for property tests and for fuzzing.

use std::io::Read;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::{Format, ReaderLimits, RecordReader, SourceError};

/// Returns a few bytes at a time, so that a buffer can end anywhere.
struct Dribble {
    bytes: Vec<u8>,
    given: usize,
    piece: usize,
}

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.piece.min(buffer.len()).min(self.bytes.len() - self.given);
        buffer[..count].copy_from_slice(&self.bytes[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// A reader of a document that arrives in pieces.
pub(crate) fn reader(document: &[u8], limits: ReaderLimits, piece: usize) -> Result<RecordReader, SourceError> {
    let source = Dribble { bytes: document.to_vec(), given: 0, piece };
    RecordReader::new(Box::new(source), Arc::from("-"), limits)
}

/// What the reader finds in a document: the shape, and the records, or `None` if anything in it was refused.
pub(crate) fn read(document: &[u8], limits: ReaderLimits, piece: usize) -> (Option<Format>, Option<Vec<Vec<u8>>>) {
    let Ok(mut reader) = reader(document, limits, piece) else { return (None, None) };
    // A CSV has a reference of its own; as JSON it is refused.
    let is_json = reader.format() != Format::Rows;
    (Some(reader.format()), if is_json { records(&mut reader, document) } else { None })
}

fn records(reader: &mut RecordReader, document: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut records, mut number, mut are_valid) = (Vec::new(), 0, true);
    while let Some(chunk) = reader.next_chunk().ok()? {
        for span in &chunk.spans {
            number += 1;
            assert_eq!(span.number, number, "records are numbered without gaps");
            let start = usize::try_from(span.offset).expect("a small document");
            let line = memchr::memchr_iter(b'\n', &document[..start]).count() as u64 + 1;
            assert_eq!(span.line, line, "lines are those of the document");
            if span.fault.is_some() {
                are_valid = false;
                continue;
            }
            let record = chunk.record(span);
            let length = usize::try_from(span.length).expect("a small document");
            assert_eq!(record, &document[start..start + length], "records are those of the document");
            are_valid &= std::str::from_utf8(record).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
            records.push(record.to_vec());
        }
    }
    are_valid.then_some(records)
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The members of an object. `N` decides what is kept of their names.
struct Members<'a, N>(Vec<(N, &'a RawValue)>);

impl<'de: 'a, 'a, N: Deserialize<'de>> Deserialize<'de> for Members<'a, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<N>(PhantomData<N>);
        impl<'de, N: Deserialize<'de>> Visitor<'de> for InOrder<N> {
            type Value = Members<'de, N>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

fn members<'a, N: Deserialize<'a>>(object: &'a str) -> Option<Vec<(N, &'a str)>> {
    let Members(members) = serde_json::from_str::<Members<'a, N>>(object).ok()?;
    Some(members.into_iter().map(|(name, value)| (name, value.get())).collect())
}

fn items(array: &str) -> Option<Vec<&str>> {
    serde_json::from_str::<Vec<&RawValue>>(array).ok().map(|items| items.into_iter().map(RawValue::get).collect())
}

fn objects(value: &str) -> usize {
    items(value).map_or(0, |items| items.iter().filter(|item| item.starts_with('{')).count())
}

fn objects_by_name(value: &str) -> usize {
    let members = members::<IgnoredAny>(value).unwrap_or_default();
    members.iter().filter(|(_, value)| value.starts_with('{')).count()
}

/// Whether a value is, or holds at any depth, an object with a member that only users have; `None` if a name is malformed.
fn has_people(value: &str) -> Option<bool> {
    let (is_person, inner) = if value.starts_with('{') {
        let members = members::<String>(value)?;
        let is_person = members.iter().any(|(name, _)| is_of_person(name));
        (is_person, members.into_iter().map(|(_, value)| value).collect())
    } else if value.starts_with('[') {
        (false, items(value)?)
    } else {
        (false, Vec::new())
    };
    let found = inner.into_iter().map(has_people).collect::<Option<Vec<_>>>()?;
    Some(is_person || found.contains(&true))
}

/// Compares names in the style of the API and of the SDK.
fn is_of_person(name: &str) -> bool {
    const NAMES: &str = "email_addresses primary_email_address primary_email_address_id phone_numbers username first_name \
                         last_name unsafe_metadata password_digest";
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    NAMES.split(' ').any(|member| plain(member) == plain(name))
}

/// Whether this is a page whose users are in the `data` of an object, or an error answer of the API in its place.
///
/// `data` is an array. No other member holds users; if `data` is empty, no other array holds objects.
fn is_page(object: &str) -> bool {
    let Some(members) = members::<String>(object) else { return false };
    let (data, beside): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| name == "data");
    let [(_, data)] = *data.as_slice() else { return data.is_empty() && is_error_answer(object) };
    let Some(users) = items(data) else { return is_error_answer(object) };
    beside.iter().all(|(name, value)| {
        let objects = objects(value);
        let keyed = objects_by_name(value);
        let is_named = name.eq_ignore_ascii_case("users");
        let is_lost = is_named && objects + keyed > 0 || users.is_empty() && objects > 0;
        has_people(value) == Some(false) && !is_lost
    })
}

/// Whether this is an array whose first object that is not an error answer has an array in `data`, and no member that users
/// have.
fn is_array_of_envelopes(text: &str) -> bool {
    let pages = items(text).unwrap_or_default();
    let first = pages.iter().find(|page| !is_error_answer(page)).and_then(|page| members::<String>(page));
    let members = first.unwrap_or_default();
    let data = members.iter().find(|(name, _)| name == "data");
    data.is_some_and(|(_, value)| value.starts_with('[')) && !has_names_of_users(&members)
}

fn has_names_of_users(members: &[(String, &str)]) -> bool {
    const OF_USERS: &str = "id external_id email_addresses original original_base64 username first_name last_name \
                            primary_email_address primary_email_address_id phone_numbers public_metadata \
                            private_metadata unsafe_metadata";
    members.iter().any(|(name, _)| OF_USERS.split(' ').any(|member| member == name))
}

/// Whether this is an object whose `errors` is an array with an object in it, without an array in `data` and without a
/// member that users have.
fn is_error_answer(object: &str) -> bool {
    let Some(members) = members::<String>(object) else { return false };
    let all_are_names = || members.iter().all(|(_, value)| has_people(value).is_some());
    let data: Vec<_> = members.iter().filter(|(name, _)| name == "data").collect();
    object.len() <= 4096
        && members.iter().any(|(name, value)| name == "errors" && objects(value) > 0)
        && !has_names_of_users(&members)
        && data.len() < 2
        && data.iter().all(|(_, value)| !value.starts_with('['))
        && all_are_names()
}

/// Whether this is a page that is an array of users, or an error answer of the API in its place.
fn is_array_page(value: &str) -> bool {
    if value.starts_with('[') { items(value).is_some() } else { is_error_answer(value) }
}

/// Whether a document of this shape is valid JSON in UTF-8 that holds users, as `serde_json` decides. If pages were put
/// together, each of them must be valid. So must each line, apart from a byte order mark before it and a comma behind it.
pub(crate) fn reference(document: &[u8], format: Option<Format>) -> bool {
    let Ok(text) = std::str::from_utf8(document) else { return false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Some(Format::Lines) => text.split('\n').all(is_line),
        Some(Format::Arrays) => items(text).is_some_and(|pages| pages.into_iter().all(is_array_page)),
        Some(Format::Envelopes) => items(text).is_some_and(|pages| pages.into_iter().all(is_page)),
        Some(Format::Array) => are_pages(text, is_array_page),
        Some(Format::Envelope) => are_pages(text, is_page),
        Some(Format::Rows) => false,
        // It was refused before its shape mattered.
        None if is_array_of_envelopes(text) => items(text).is_some_and(|pages| pages.into_iter().all(is_page)),
        None => are_pages(text, |page| page.starts_with('[') && is_array_page(page)) || are_pages(text, is_page),
    }
}

fn is_line(line: &str) -> bool {
    let space = &SPACE[..3];
    let line = line.trim_matches(space);
    let line = line.strip_prefix('\u{feff}').unwrap_or(line).trim_matches(space);
    let object = line.strip_suffix(',').map(|object| object.trim_end_matches(space));
    let value = object.filter(|object| object.ends_with('}')).unwrap_or(line);
    value.is_empty() || serde_json::from_str::<IgnoredAny>(value).is_ok()
}

/// Whether a text is such pages, one behind the other.
fn are_pages(mut text: &str, is_page: impl Fn(&str) -> bool) -> bool {
    let mut has_users = false;
    loop {
        let mut pages = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let Some(Ok(page)) = pages.next() else { return false };
        if !is_page(page.get()) {
            return false;
        }
        has_users |= !is_error_answer(page.get());
        text = text[pages.byte_offset()..].trim_start_matches(SPACE);
        text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start_matches(SPACE);
        if text.is_empty() {
            return has_users;
        }
    }
}

/// Fails unless the reader and `serde_json` agree about a document.
pub(crate) fn assert_agreement(document: &[u8], chunk_bytes: usize, piece: usize) {
    let (format, records) = read(document, ReaderLimits { chunk_bytes, ..ReaderLimits::default() }, piece);
    assert_eq!(
        records.is_some(),
        reference(document, format),
        "{:?} {chunk_bytes} {piece} {}",
        format,
        document.escape_ascii()
    );
}
