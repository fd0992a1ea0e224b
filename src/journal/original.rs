//! The record in a line of the rejects file, in the form in which it can be imported once it is mended.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;

use crate::clerk::COLUMNS;
use crate::ignore::ignore;
use crate::mapping::{RecordContent, content};
use crate::source::{Header, RecordChunk, RecordSpan, Row, diagnose, serde_json_can_say};

/// What a line of the rejects file gives back. Of a line of a rejects file, that is the record in it: rejects of rejects are
/// rejects. Of a row of a CSV, it is the same user as JSON; a row that does not fit its header stays the text it is, and the
/// header goes with it.
pub(super) fn original(chunk: &RecordChunk, span: &RecordSpan) -> (Vec<u8>, Option<Arc<Header>>) {
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
    match content(record, None) {
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
pub(super) enum OneLine<'a> {
    /// It was too large to be kept.
    Missing,
    /// JSON without line breaks.
    Json(Box<serde_json::value::RawValue>),
    /// No JSON.
    Text(&'a str),
    /// Not even UTF-8: its bytes in base64.
    Bytes(String),
}

impl<'a> OneLine<'a> {
    /// The form of a record, which may be a row of a CSV that stays the text it is.
    pub(super) fn of(record: &'a [u8], is_row: bool) -> Self {
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
            Ok(value) if record[0] != b'"' && (serde_json_can_say(text) || diagnose(record).is_none()) => {
                Self::Json(value)
            }
            _ => Self::Text(text),
        }
    }
}
