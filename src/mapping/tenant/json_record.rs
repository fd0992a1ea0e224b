//! Reads a record of any kind, be it JSON, a row of a CSV or a line of a rejects file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde_json::value::RawValue;

use super::no_tenant_form::NoTenantForm;
use crate::kind::Kind;
use crate::mapping::parse::{parse_as, row_rejection};
use crate::mapping::record_content::{RecordContent, content};
use crate::mapping::{RejectCode, Rejection};
use crate::source::{Header, RawRecord, Row};

/// Gives the JSON of a record to `then`. Of a row it is an object of the cells that are not empty, those of metadata as they are.
pub(super) fn read_json<T>(
    record: RawRecord<'_>,
    kind: Kind,
    then: impl FnOnce(&[u8]) -> Result<T, NoTenantForm>,
) -> io::Result<Result<T, Rejection>> {
    let json = match (record.header(), record.bytes()) {
        (Some(header), bytes) => header.row(bytes).map_err(row_rejection).and_then(|row| of_row(header, &row)),
        (None, bytes) => match content(bytes, Some(kind)) {
            Ok(RecordContent::Json(json)) => Ok(json),
            Ok(RecordContent::Row(kept)) => kept.cells().and_then(|(header, row)| of_row(header, &row)),
            Err(rejection) => Err(rejection),
        },
    };
    match json.map_err(NoTenantForm::from).and_then(|json| then(&json)) {
        Ok(mapped) => Ok(Ok(mapped)),
        Err(NoTenantForm::Rejected(rejection)) => Ok(Err(rejection)),
        Err(NoTenantForm::Disk(error)) => Err(error),
    }
}

fn of_row(header: &Header, row: &Row<'_>) -> Result<Cow<'static, [u8]>, Rejection> {
    let mut object = BTreeMap::<&str, Cow<'_, RawValue>>::new();
    for (name, cell) in header.cells(row).filter(|(_, cell)| !cell.is_empty()) {
        let is_json = name.ends_with("_metadata") || name == "max_allowed_memberships";
        let value = if is_json {
            let raw: &RawValue =
                parse_as(cell.as_bytes()).map_err(|rejection| Rejection { place: None, ..rejection })?;
            Cow::Borrowed(raw)
        } else {
            let raw = serde_json::value::to_raw_value(cell);
            Cow::Owned(raw.map_err(|_| Rejection::of_record(RejectCode::InvalidRow, "a cell cannot be read"))?)
        };
        object.insert(name, value);
    }
    // Texts always have a form in JSON.
    Ok(Cow::Owned(serde_json::to_vec(&object).unwrap_or_default()))
}
