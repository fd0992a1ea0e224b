//! What is in a record of an input: mostly itself. Out of a line of a rejects file, as [`crate::journal::Reject`] writes it, the
//! record is taken that was rejected.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{RejectCode, Rejection, row_rejection};
use crate::kind::Kind;
use crate::source::{Header, Row};

/// How many lines of rejects files may be in each other. Each of them is read for itself, and calls for the next one.
const NESTED: usize = 16;

/// What is in a record of an input.
pub(crate) enum RecordContent<'a> {
    /// A record as JSON, or what should be one.
    Json(Cow<'a, [u8]>),
    /// A row of a CSV, out of a line of a rejects file.
    Row(KeptRow<'a>),
}

/// A row of a CSV out of a line of a rejects file, mended or not.
pub(crate) struct KeptRow<'a> {
    /// Its bytes.
    pub text: Cow<'a, [u8]>,
    /// The header it stood under; lines of earlier versions have none.
    pub header: Option<Header>,
}

impl KeptRow<'_> {
    /// Its header and its cells.
    pub(crate) fn cells(&self) -> Result<(&Header, Row<'_>), Rejection> {
        let Some(header) = &self.header else {
            let message = "this line was written by an earlier version, which kept a row of a CSV without its header: put the \
                           user as a JSON object in place of the text in `original`, or put the row into a CSV with that \
                           header and import that";
            return Err(Rejection::of_field(RejectCode::InvalidRow, "original", message));
        };
        let text = without_breaks(&self.text);
        if !header.is_one_row(text) {
            // Its cells would be taken for those of the row before.
            let message = "there are several rows in `original`: a line of a rejects file is one user, and a line break within \
                           a cell needs quotes around the cell";
            return Err(Rejection::of_field(RejectCode::InvalidRow, "original", message));
        }
        // A place within the row is none within the line of the rejects file.
        let row = header.row(text).map_err(|fault| Rejection { place: None, ..row_rejection(fault) })?;
        Ok((header, row))
    }
}

/// A text without the line breaks around it.
fn without_breaks(text: &[u8]) -> &[u8] {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let start = text.iter().position(|byte| !is_break(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_break(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

#[derive(Deserialize)]
struct RejectLine<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    header: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    separator: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    original: Option<&'a RawValue>,
    original_base64: Option<String>,
}

/// A member that is there, be it `null`.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What is in a record: itself, or if it is a line of a rejects file, the record in its `original` member.
///
/// A record that was no JSON, or a row of a CSV, stands there as a string, which may have been mended in place. A JSON object
/// may have been put in place of either. The line has to be of this kind, if one is named.
pub(crate) fn content(record: &[u8], kind: Option<Kind>) -> Result<RecordContent<'_>, Rejection> {
    content_within(record, kind, NESTED)
}

/// What is in a record, if not more than `left` lines of rejects files are around it.
fn content_within(record: &[u8], kind: Option<Kind>, left: usize) -> Result<RecordContent<'_>, Rejection> {
    let itself = Ok(RecordContent::Json(Cow::Borrowed(record)));
    if !is_reject_line(record) {
        return itself;
    }
    let Ok(line) = serde_json::from_slice::<RejectLine<'_>>(record) else { return itself };
    if let Some(bytes) = line.original_base64.as_ref().and_then(|text| STANDARD.decode(text).ok()) {
        return line.text(Cow::Owned(bytes));
    }
    // A record may have a field `code` of its own.
    let Some(original) = line.original else { return itself };
    let kind_of_line = line.kind.as_deref().unwrap_or(Kind::User.as_str());
    if let Some(kind) = kind.filter(|kind| kind.as_str() != kind_of_line) {
        let what = if kind == Kind::User { "a user" } else { "what is read from this file" };
        let message = format!("this line of a rejects file does not hold {what}, but a record of another kind");
        return Err(Rejection::of_field(RejectCode::InvalidRecord, "kind", message));
    }
    if original.get() == "null" {
        return Err(Rejection::of_field(
            RejectCode::InvalidRecord,
            "original",
            "this line of a rejects file does not hold the record itself",
        ));
    }
    match serde_json::from_str::<String>(original.get()) {
        Ok(text) => line.text(Cow::Owned(text.into_bytes())),
        // An object stands there as it is. It may be a line of a rejects file itself, which could not be read the last time.
        Err(_) if left > 0 => content_within(original.get().as_bytes(), kind, left - 1),
        Err(_) => {
            let message = "in this line of a rejects file there is another one, and so on, too many times; put the record itself in \
                           place of `original`";
            Err(Rejection::of_field(RejectCode::InvalidRecord, "original", message))
        }
    }
}

impl RejectLine<'_> {
    /// What a text is that stands in place of a record.
    fn text<'t>(&self, text: Cow<'t, [u8]>) -> Result<RecordContent<'t>, Rejection> {
        let is_row = self.header.is_some() || self.code == RejectCode::InvalidRow.as_str();
        // A row begins with a cell, and not with a brace.
        if !is_row || text.trim_ascii_start().starts_with(b"{") {
            return Ok(RecordContent::Json(text));
        }
        let header = self.header.map(|_| self.header().ok_or_else(damaged_header)).transpose()?;
        Ok(RecordContent::Row(KeptRow { text, header }))
    }

    fn header(&self) -> Option<Header> {
        let names = serde_json::from_str(self.header?.get()).ok()?;
        let separator: char = serde_json::from_str(self.separator?.get()).ok()?;
        Header::of_names(names, u8::try_from(separator).ok()?)
    }
}

fn damaged_header() -> Rejection {
    let message = "under the `header` and `separator` of this line of a rejects file there can be no user; take both from a line \
                   as it was written";
    Rejection::of_field(RejectCode::InvalidRecord, "header", message)
}

/// Whether a record begins as the lines of rejects files do, in any layout that tools give it.
fn is_reject_line(record: &[u8]) -> bool {
    let mut rest = record;
    [b"{".as_slice(), b"\"code\"", b":", b"\""].iter().all(|token| {
        rest = rest.trim_ascii_start();
        rest.strip_prefix(*token).inspect(|behind| rest = behind).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The JSON in a line, or the cells of the row in it.
    fn read(line: &str) -> Result<String, String> {
        match content(line.as_bytes(), Some(Kind::User)).map_err(|rejection| rejection.message)? {
            RecordContent::Json(json) => Ok(String::from_utf8(json.into_owned()).expect("UTF-8")),
            RecordContent::Row(row) => {
                let (header, cells) = row.cells().map_err(|rejection| rejection.message)?;
                Ok(header.cells(&cells).fold(String::new(), |text, (name, cell)| text + name + "=" + cell + ";"))
            }
        }
    }

    #[test]
    fn a_line_of_a_rejects_file_is_unwrapped() {
        for (line, user) in [
            (r#"{"id":"u"}"#, r#"{"id":"u"}"#),
            (r#"{"code":"no_email","original":{"id":"u"}}"#, r#"{"id":"u"}"#),
            ("{ \"code\": \"no_email\",\n \"original\": {\"id\": \"u\"} }", r#"{"id": "u"}"#),
            (r#"{"code":"invalid_json","original":"{\"id\":\"u\"}"}"#, r#"{"id":"u"}"#),
            // Put in place of a row.
            (r#"{"code":"invalid_row","original":"{\"id\":\"u\"}"}"#, r#"{"id":"u"}"#),
            (r#"{"code":"invalid_row","original":{"id":"u"}}"#, r#"{"id":"u"}"#),
            // The reject of a reject.
            (r#"{"code":"invalid_record","original":{"code":"no_email","original":{"id":"u"}}}"#, r#"{"id":"u"}"#),
        ] {
            assert_eq!(read(line).as_deref(), Ok(user), "{line}");
        }
        assert!(read(r#"{"code":"record_too_large","original":null}"#).is_err());
        let nested =
            |levels: usize| r#"{"code":"no_email","original":"#.repeat(levels) + r#"{"id":"u"}"# + &"}".repeat(levels);
        assert_eq!(read(&nested(NESTED)).as_deref(), Ok(r#"{"id":"u"}"#));
        for levels in [NESTED + 2, 20_000] {
            let message = read(&nested(levels)).expect_err("a rejection");
            assert!(message.contains("too many times"), "{levels}: {message}");
        }
    }

    #[test]
    fn a_row_is_read_under_its_header() {
        let line = |original: &str| {
            let header = r#""header":["id","password_digest"],"separator":";""#;
            format!(r#"{{"code":"invalid_row",{header},"original":"{original}"}}"#)
        };
        assert_eq!(read(&line(r#"\nu;\"a\nb\"\r\n"#)).as_deref(), Ok("id=u;password_digest=a\nb;"));
        let base64 = line(&STANDARD.encode("u;a")).replace("\"original\"", "\"original_base64\"");
        assert_eq!(read(&base64).as_deref(), Ok("id=u;password_digest=a;"));
        for (line, expected) in [
            (line(r"u;a\nv;b"), "several rows"),
            (line(r"u;a;b"), "no column"),
            (line("u;a").replace(";\",", "|x\","), "`header` and `separator`"),
            (line("u;a").replace("\"id\"", "7"), "`header` and `separator`"),
            (line("u;a").replace("\"header\"", "\"h\""), "earlier version"),
        ] {
            let message = read(&line).expect_err("a rejection");
            assert!(message.contains(expected), "{line}: {message}");
        }
    }
}
