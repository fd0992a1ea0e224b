//! The shape of an input that begins as JSON: users or pages of users, in an object, in an array, or one on each line.

use memchr::memchr;
use serde::de::IgnoredAny;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use super::Format;
use super::answer::{ERROR_ANSWER, error_answer, users_within};
use super::byte_order_mark::byte_order_mark;
use super::diagnose::settings;
use super::member_names::{DATA, is_field, is_of_user};
use super::notation::has_lines_of_returns;
use super::record::to_index;

/// Distinguishes an array of users from an array of pages.
pub(super) fn array(text: &[u8]) -> Format {
    let mut reader = JsonStreamReader::new_custom(text, settings());
    // An unclear array counts as an array of users, and each element is judged by itself.
    pages(&mut reader, text).unwrap_or(Format::Array)
}

fn pages(reader: &mut JsonStreamReader<&[u8]>, text: &[u8]) -> Result<Format, ReaderError> {
    reader.begin_array()?;
    let mut format = Format::Array;
    while reader.has_next()? {
        match reader.peek()? {
            ValueType::Array => reader.begin_array()?,
            ValueType::Object if error_answer(rest(reader, text)).is_some() => {
                reader.skip_value()?;
                continue;
            }
            ValueType::Object if format == Format::Array && is_envelope(reader) => return Ok(Format::Envelopes),
            _ => return Ok(Format::Array),
        }
        if reader.has_next()? {
            return Ok(if reader.peek()? == ValueType::Object { Format::Arrays } else { Format::Array });
        }
        // So far there are only empty pages.
        reader.end_array()?;
        format = Format::Arrays;
    }
    Ok(format)
}

/// The text behind what was read.
fn rest<'t>(reader: &JsonStreamReader<&[u8]>, text: &'t [u8]) -> &'t [u8] {
    let at = reader.current_position(false).data_pos.map_or(0, to_index);
    text.get(at..).unwrap_or_default()
}

/// Whether an object has a `data` array and, as far as can be seen, no member that users have.
fn is_envelope(reader: &mut JsonStreamReader<&[u8]>) -> bool {
    let mut names = Vec::new();
    let Ok(Some(ValueType::Array)) = members(reader, &mut names) else { return false };
    // Most pages are longer than the prefix, so the end may be missing.
    let behind = reader.skip_value().and_then(|()| members_from(reader, &mut names));
    !matches!(behind, Ok(Some(_))) && !is_user(&names)
}

/// Distinguishes an envelope from NDJSON by the names of the first object's members.
pub(super) fn object(text: &[u8]) -> Result<Format, String> {
    if let Some(length) = error_answer(text) {
        return behind_answers(&text[length..]);
    }
    let mut names = Vec::new();
    let mut reader = JsonStreamReader::new_custom(text, settings());
    let walked = members(&mut reader, &mut names);
    let is_user = is_user(&names);
    if is_user && !matches!(walked, Ok(Some(ValueType::Array))) && has_lines_of_returns(text) {
        return Err(
            "its lines end in carriage returns only; make line feeds of them, for example with `tr '\\r' '\\n'`"
                .to_owned(),
        );
    }
    match walked {
        // One odd first line is not a reason to refuse the others.
        Ok(Some(_)) if is_user && looks_like_lines(text) => Ok(Format::Lines),
        Ok(None) if looks_like_lines(text) => Ok(Format::Lines),
        Ok(Some(ValueType::Array)) => Ok(Format::Envelope),
        Ok(Some(ValueType::Object)) => {
            Err("its `data` is an object, not an array of users; if it has the users by their ids, \
                                            make an array of them, for example with `jq '[.data[]]'`"
                .to_owned())
        }
        Ok(Some(other)) => Err(format!("its `data` is {}, not an array of users", type_name(other))),
        Ok(None) if is_user => {
            let end = reader.current_position(false).data_pos.unwrap_or(0);
            let (object, behind) = text.split_at_checked(to_index(end)).unwrap_or((text, b""));
            if memchr(b'\n', object.trim_ascii()).is_none() {
                Ok(Format::Lines)
            } else if behind.trim_ascii_start().starts_with(b",") {
                Err("it is a series of users with commas between them and no brackets around them; put `[` before the \
                     first one and `]` behind the last one"
                    .to_owned())
            } else {
                Err("it is a single user or a series of pretty-printed ones; put them into an array, \
                     for example with `jq -s .`, or one on each line with `jq -c .`"
                    .to_owned())
            }
        }
        Ok(None) => {
            let advice = match users_within(text).as_deref() {
                _ if names.is_empty() => "",
                _ if !names.iter().any(|name| is_field(name)) => {
                    "; if these are users by their ids, make an array of them, for example with `jq '[.[]]'`"
                }
                Some(name) => &format!(
                    "; if its users are in {name}, take them out of it, for example with `jq .{}`",
                    name.trim_matches('`')
                ),
                None => "",
            };
            Err(format!("the object has no `data` array; its members are: {}{advice}", list(&names)))
        }
        // The prefix ends before the object does, or the object is broken: the names decide.
        Err(_) if is_user || looks_like_lines(text) => Ok(Format::Lines),
        Err(_) => Ok(Format::Envelope),
    }
}

/// The shape of what follows error answers of the API. An error answer must not hide the users behind it.
fn behind_answers(mut text: &[u8]) -> Result<Format, String> {
    loop {
        text = text.trim_ascii_start();
        text = text[byte_order_mark(text)..].trim_ascii_start();
        text = text.strip_prefix(b",").unwrap_or(text).trim_ascii_start();
        match (text.first(), error_answer(text)) {
            (Some(b'{'), Some(length)) => text = &text[length..],
            (Some(b'{'), None) => return object(text),
            (Some(b'['), _) => return Ok(Format::Array),
            (Some(_), _) => return Ok(Format::Envelope),
            (None, _) => return Err(ERROR_ANSWER.to_owned()),
        }
    }
}

fn is_user(names: &[String]) -> bool {
    names.iter().any(|name| is_of_user(name))
}

/// Walks the members of an object up to `data`, and returns the type of `data`.
fn members(reader: &mut JsonStreamReader<&[u8]>, names: &mut Vec<String>) -> Result<Option<ValueType>, ReaderError> {
    reader.begin_object()?;
    members_from(reader, names)
}

fn members_from(
    reader: &mut JsonStreamReader<&[u8]>,
    names: &mut Vec<String>,
) -> Result<Option<ValueType>, ReaderError> {
    while reader.has_next()? {
        let name = reader.next_name_owned()?;
        if name == DATA {
            return reader.peek().map(Some);
        }
        names.push(name);
        reader.skip_value()?;
    }
    reader.end_object()?;
    Ok(None)
}

/// The lines that are not blank.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_line = |line: &&[u8]| !line.is_empty();
    text.split(|&byte| byte == b'\n').map(|line| line[byte_order_mark(line)..].trim_ascii()).filter(is_line)
}

/// Whether the first line is JSON but not an object, and the second line begins an object.
pub(super) fn is_value_before_lines(text: &[u8]) -> bool {
    let mut lines = lines(text);
    let is_json = |line: &[u8]| serde_json::from_slice::<IgnoredAny>(line).is_ok();
    lines.next().is_some_and(is_json) && lines.next().is_some_and(|second| second.starts_with(b"{"))
}

/// Whether there are two lines, each shaped like an object. A comma may be between them.
fn looks_like_lines(text: &[u8]) -> bool {
    let mut lines = lines(text);
    let Some(first) = lines.next() else { return false };
    let first = first.strip_suffix(b",").unwrap_or(first).trim_ascii_end();
    first.starts_with(b"{") && first.ends_with(b"}") && lines.next().is_some_and(|second| second.starts_with(b"{"))
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> =
        names.iter().filter(|name| is_field(name)).take(8).map(|name| format!("`{name}`")).collect();
    match (shown.as_slice(), names.len() - shown.len()) {
        ([], count) => format!("{count}, none of them the name of a field"),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn type_name(value: ValueType) -> &'static str {
    match value {
        ValueType::Array => "an array",
        ValueType::Object => "an object",
        ValueType::String => "a string",
        ValueType::Number => "a number",
        ValueType::Boolean => "a boolean",
        ValueType::Null => "null",
    }
}
