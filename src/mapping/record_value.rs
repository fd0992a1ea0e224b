//! A record as a JSON value, as the export has it.

use serde_json::{Map, Value};

use super::record_content::{RecordContent, content};
use crate::source::{Header, RawRecord, Row};

/// The record as a JSON value; of a row of a CSV, an object with its cells as texts. Of a line of a rejects file it is the
/// record in it. `None` if it cannot be read.
pub fn record_value(record: RawRecord<'_>) -> Option<Value> {
    let bytes = record.bytes();
    if let Some(header) = record.header() {
        return Some(of_row(header, &header.row(bytes).ok()?));
    }
    match content(bytes, None).ok()? {
        RecordContent::Json(json) => serde_json::from_slice(&json).ok(),
        RecordContent::Row(kept) => kept.cells().ok().map(|(header, row)| of_row(header, &row)),
    }
}

fn of_row(header: &Header, row: &Row<'_>) -> Value {
    let cells = header.cells(row).filter(|(_, cell)| !cell.is_empty());
    Value::Object(cells.map(|(column, cell)| (column.to_owned(), Value::from(cell))).collect::<Map<_, _>>())
}
