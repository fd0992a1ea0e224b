//! Finds the shape of an input from its first bytes.

use std::sync::Arc;

use memchr::memchr;
use serde::de::IgnoredAny;
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use super::answer::{error_answer, users_within};
use super::diagnose::settings;
use super::member_names::{DATA, is_field, is_of_user};
use super::notation::{has_lines_of_returns, in_brackets, in_place_of_json};
use super::{Header, Place, SourceError};

/// The shape of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An object with a `data` array among its members.
    Envelope,
    /// An array at the top level.
    Array,
    /// An array of envelopes, as `jq -s .` makes it of several files.
    Envelopes,
    /// An array of arrays, made in the same way.
    Arrays,
    /// NDJSON: one object a line.
    Lines,
    /// CSV with a header, as the Dashboard exports users.
    Rows,
}

impl Format {
    /// Whether its users are in the `data` of an object.
    pub(super) fn has_envelope(self) -> bool {
        matches!(self, Self::Envelope | Self::Envelopes)
    }

    /// Whether one array holds all its pages.
    pub(super) fn is_array_of_pages(self) -> bool {
        matches!(self, Self::Envelopes | Self::Arrays)
    }
}

/// What the first bytes of an input show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub format: Format,
    /// The header of a CSV.
    pub header: Option<Arc<Header>>,
    /// Where reading begins: behind the byte order mark, and behind the header.
    pub start: Place,
}

/// U+FEFF. Some programs write it at the beginning; after files were put together, it may also be in the middle.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The length of the UTF-8 byte order mark at the start of `prefix`, or 0.
fn byte_order_mark(prefix: &[u8]) -> usize {
    if prefix.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

/// Finds the shape from the first bytes of an input, which begin at `at`. `whole` says that there are no more bytes.
pub(super) fn detect(prefix: &[u8], whole: bool, at: Place, input: &Arc<str>) -> Result<Shape, SourceError> {
    if let Some((found, advice)) = foreign(prefix) {
        return Err(SourceError::NotJson { input: Arc::clone(input), found, advice: advice.to_owned() });
    }
    let text = &prefix[byte_order_mark(prefix)..];
    let Some(first) = text.iter().position(|byte| !byte.is_ascii_whitespace()) else {
        return Err(SourceError::Empty { input: Arc::clone(input) });
    };
    let start = Place { offset: at.offset + byte_order_mark(prefix) as u64, ..at };
    let wrong_shape = |problem| {
        let line = start.line + memchr::memchr_iter(b'\n', &text[..first]).count() as u64;
        let place = Place { line, offset: start.offset + first as u64 };
        SourceError::WrongShape { input: Arc::clone(input), place, problem, records: 0 }
    };
    let json = |format| Shape { format, header: None, start };
    let no_json = |found, advice| SourceError::NotJson { input: Arc::clone(input), found, advice };
    if let Some((found, advice)) = in_brackets(&text[first..]) {
        return Err(no_json(found, advice.to_owned()));
    }
    match text[first] {
        b'[' => Ok(json(array(text))),
        b'{' => object(text).map(json).map_err(wrong_shape),
        b'<' => Err(no_json(
            "an HTML or XML page",
            "probably an error page saved under this name; download the export again".to_owned(),
        )),
        _ if is_value_before_lines(text) => Ok(json(Format::Lines)),
        _ => match Header::read(text, whole) {
            Ok((header, behind)) => {
                let start = Place { line: start.line + behind.line - 1, offset: start.offset + behind.offset };
                Ok(Shape { format: Format::Rows, header: Some(Arc::new(header)), start })
            }
            Err(problem) => Err(match in_place_of_json(text) {
                Some((found, advice)) => no_json(found, advice),
                None => wrong_shape(problem),
            }),
        },
    }
}

/// Whether there is only white space, perhaps behind a byte order mark.
pub(super) fn is_blank(prefix: &[u8]) -> bool {
    prefix[byte_order_mark(prefix)..].iter().all(u8::is_ascii_whitespace)
}

/// Recognises the beginning of files of other kinds.
fn foreign(prefix: &[u8]) -> Option<(&'static str, &'static str)> {
    const DECOMPRESS: &str = "decompress it first";
    const ENCODE: &str = "convert it to UTF-8 first, for example with `iconv -f UTF-16 -t UTF-8`";
    let utf16 = "text in UTF-16";
    match prefix {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            Some(("text in UTF-32", "convert it to UTF-8 first, for example with `iconv -f UTF-32 -t UTF-8`"))
        }
        // With a byte order mark, or ASCII without one.
        [0xff, 0xfe, ..]
        | [0xfe, 0xff, ..]
        | [0, b'{' | b'[', ..]
        | [b'{' | b'[', 0, ..]
        | [0, 1..=255, 0, 1..=255, ..]
        | [1..=255, 0, 1..=255, 0, ..] => Some((utf16, ENCODE)),
        [0x1f, 0x8b, ..] => Some(("compressed twice", "decompress it once, for example with `gunzip`")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(("compressed twice", "decompress it once, for example with `unzstd`")),
        [b'B', b'Z', b'h', ..] => Some(("compressed with bzip2", DECOMPRESS)),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(("compressed with xz", DECOMPRESS)),
        [b'P', b'K', 3, 4, ..] => Some(archive(prefix)),
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(("an old Excel workbook (.xls)", SAVE_AS_CSV)),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(("a 7z archive", UNPACK)),
        // The bytes behind the word are not text, because a user may be called Mustard.
        _ if matches!(prefix.get(257..265), Some(b"ustar\x0000" | b"ustar  \0")) => Some(("a tar archive", UNPACK)),
        _ => None,
    }
}

const UNPACK: &str = "unpack it first";
const SAVE_AS_CSV: &str = "open it there and save it as CSV in UTF-8, with commas";

/// The kind of a ZIP archive, by the names of the first files in it: spreadsheets are ZIP archives, too.
fn archive(prefix: &[u8]) -> (&'static str, &'static str) {
    let holds = |name: &[u8]| memchr::memmem::find(prefix, name).is_some();
    if holds(b"[Content_Types].xml") {
        ("an Office document, such as an Excel workbook (.xlsx)", SAVE_AS_CSV)
    } else if holds(b"opendocument.spreadsheet") {
        ("an OpenDocument spreadsheet (.ods)", SAVE_AS_CSV)
    } else if holds(b"Index/Tables/") {
        ("a Numbers spreadsheet", SAVE_AS_CSV)
    } else {
        ("a ZIP archive", UNPACK)
    }
}

/// Distinguishes an array of users from an array of pages.
fn array(text: &[u8]) -> Format {
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
    let at = reader.current_position(false).data_pos.map_or(0, super::record::to_index);
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
fn object(text: &[u8]) -> Result<Format, String> {
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
            let (object, behind) = text.split_at_checked(super::record::to_index(end)).unwrap_or((text, b""));
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

/// What to do about an error answer without users.
pub(crate) const ERROR_ANSWER: &str = "it is an error answer of Clerk's API, not users: the request for them failed, so make it \
                                       again and put what it brings in the place of this";

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
fn is_value_before_lines(text: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &[u8]) -> Result<Format, String> {
        let shape = detect(text, true, Place { line: 1, offset: 0 }, &Arc::from("users.json"));
        shape.map(|shape| shape.format).map_err(|error| error.to_string())
    }

    #[test]
    fn a_word_in_a_table_makes_no_archive_of_it() {
        let mut table = b"id,first_name,primary_email_address\n".to_vec();
        table.resize(256, b'x');
        table.extend(b"mustard,mustard@example.com\n");
        assert_eq!(shape(&table), Ok(Format::Rows));
        table.splice(257..265, *b"ustar  \0");
        assert!(shape(&table).is_err());
    }

    #[test]
    fn shapes_are_recognised_by_content() {
        assert_eq!(shape(br#"{"data":[]}"#), Ok(Format::Envelope));
        assert_eq!(shape(b"\xef\xbb\xbf { \"object\": \"list\", \"data\": ["), Ok(Format::Envelope));
        assert_eq!(shape(b"\n[{"), Ok(Format::Array));
        assert_eq!(shape(b"{\"id\":\"user_1\"}\n{\"id\":\"user_2\"}\n"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"id\":\"user_1\"}"), Ok(Format::Lines));
        assert_eq!(shape(b"{bad}\n{\"id\":\"user_2\"}\n"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"code\":\"no_email\",\"original\":{\"id\":1}}"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"code\":\"invalid_row\",\"original_base64\":\"\"}"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"total\": 1, bad"), Ok(Format::Envelope), "the walk of the envelope says where it is bad");
        assert_eq!(shape(br#"[[{"id":1}],[]]"#), Ok(Format::Arrays));
        assert_eq!(shape(b"[[],[{"), Ok(Format::Arrays));
        assert_eq!(shape(br#"[{"total_count":1,"data":[{"id":1}"#), Ok(Format::Envelopes));
        assert_eq!(shape(br#"[[],{"id":1}]"#), Ok(Format::Array), "one odd element among users");
        assert_eq!(shape(br#"[{"data":[{"x":1}],"id":1}]"#), Ok(Format::Array), "a user with `data`");
        assert_eq!(shape(b"{\"id\":\"user_1\"},\n\xef\xbb\xbf{\"id\":\"user_2\"},\n"), Ok(Format::Lines));
        assert_eq!(shape(b"id,primary_email_address"), Ok(Format::Rows));
        assert_eq!(shape(b"id;primary_email_address\nuser_1;a@example.com"), Ok(Format::Rows));
        assert_eq!(shape(b"\xef\xbb\xbfsep=\t\r\nid\tprimary_email_address\r\n"), Ok(Format::Rows));
        assert_eq!(shape(b"\xef\xbb\xbf\r\n\"first_name\",\"id\",\"password_digest\"\r\nAda"), Ok(Format::Rows));
    }

    #[test]
    fn a_text_that_is_not_an_export_gets_a_clear_error() {
        let cases: &[&[u8]] = &[
            b"",
            b" \n",
            b"<!DOCTYPE html>",
            b"\xff\xfe{\0",
            b"{\0\"\0",
            b"\x1f\x8b\x08",
            b"PK\x03\x04",
            b"PK\x03\x04\x14\0\x06\0..............................[Content_Types].xml",
            b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"id,first_name",
            b"email,password_digest\nx,y\n",
            b"e\0m\0a\0i\0l\0",
            b"\0i\0d\0,",
            b"email;first_name;last_name\n",
            b"sep=|\nid|primary_email_address\n",
            b"id,\"primary_email_address\nuser_1,\"A\"\n",
            b"id,id,primary_email_address\n",
            b"null",
            b"42",
            b"\"x\"",
            br#"{"errors":[{"code":"x"}]}"#,
            br#"{"data":{"id":1}}"#,
            br#"{"data":null}"#,
            b"{}",
            b"{\n  \"id\": \"user_1\"\n}",
            b"{\n  \"id\": \"user_1\"\n},\n{\n  \"id\": \"user_2\"\n}",
        ];
        let messages: Vec<String> = cases.iter().map(|case| shape(case).expect_err("an error")).collect();
        insta::assert_snapshot!(messages.join("\n"));
    }
}
