//! A record that does not become an identity, and the line that is kept of it.

use std::sync::Arc;

use serde::ser::SerializeMap;

use super::RecordKey;
use super::original::{OneLine, original};
use super::rejects_left::RejectsCheck;
use crate::kind::Kind;
use crate::mapping::{FirstOfDuplicates, RecordIds, RejectCode, Rejection};
use crate::source::{Header, Place, Position, RecordChunk, RecordSpan};

/// A record that does not become an identity.
pub struct Reject {
    /// Of which kind the record is.
    pub kind: Kind,
    /// The stable code.
    pub code: RejectCode,
    /// Which record of the run it is.
    pub key: RecordKey,
    /// Where the record stands.
    pub position: Position,
    /// Of a duplicate: the record that comes first.
    pub same_as: Option<FirstOfDuplicates>,
    message: String,
    field: Option<String>,
    /// For a record that is not JSON: where in the input the fault is.
    fault: Option<Place>,
    /// The id of the request that the target refused.
    request_id: Option<String>,
    original: Vec<u8>,
    /// Of a row of a CSV that stays the text it is: the header it stands under.
    header: Option<Arc<Header>>,
}

impl Reject {
    /// The reject of a record.
    pub fn new(rejection: Rejection, kind: Kind, input: u16, chunk: &RecordChunk, span: &RecordSpan) -> Self {
        let Rejection { code, field, message, place, same_as } = rejection;
        let fault = place.map(|place| Place { line: span.line + place.line - 1, offset: span.offset + place.offset });
        let (original, header) = original(chunk, span);
        Self {
            kind,
            code,
            key: RecordKey { input, number: span.number },
            position: chunk.position(span),
            same_as,
            message,
            field,
            fault,
            request_id: None,
            original,
            header,
        }
    }

    /// This reject as one that the target refused in this request.
    #[must_use]
    pub fn in_request(self, id: Option<&str>) -> Self {
        Self { request_id: id.map(str::to_owned), ..self }
    }

    /// Who it is about, as far as that can be read.
    pub fn ids(&self) -> RecordIds {
        match &self.header {
            Some(header) => RecordIds::of_row(header, &self.original),
            None => RecordIds::of_json(&self.original),
        }
    }

    /// How much of it lies in memory, in bytes.
    pub fn size(&self) -> usize {
        let header = self.header.iter().flat_map(|header| header.names()).map(String::len).sum::<usize>();
        self.original.len() + self.message.len() + header
    }

    /// The line of the rejects file of a run, without its line break.
    pub(super) fn line(&self, run: &str) -> serde_json::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(self.original.len() + 256);
        let mut serializer = serde_json::Serializer::new(&mut line);
        let mut map = serde::Serializer::serialize_map(&mut serializer, None)?;
        // The code has to come first: it is how a line of a rejects file is known.
        map.serialize_entry("code", &self.code)?;
        if !self.kind.is_unnamed() {
            map.serialize_entry("kind", &self.kind)?;
        }
        map.serialize_entry("message", &self.message)?;
        if let Some(field) = &self.field {
            map.serialize_entry("field", field)?;
        }
        map.serialize_entry("run", run)?;
        if let Some(request_id) = &self.request_id {
            map.serialize_entry("request", request_id)?;
        }
        map.serialize_entry("position", &self.position)?;
        if let Some(fault) = &self.fault {
            map.serialize_entry("fault", fault)?;
        }
        if let Some(header) = &self.header {
            map.serialize_entry("header", header.names())?;
            map.serialize_entry("separator", &char::from(header.separator()))?;
        }
        match OneLine::of(&self.original, self.header.is_some()) {
            OneLine::Missing => map.serialize_entry("original", &())?,
            OneLine::Json(value) => map.serialize_entry("original", &value)?,
            OneLine::Text(text) => map.serialize_entry("original", text)?,
            OneLine::Bytes(text) => map.serialize_entry("original_base64", &text)?,
        }
        map.end()?;
        line.pop();
        line.extend_from_slice(&RejectsCheck::of(&line));
        Ok(line)
    }
}

impl std::fmt::Debug for Reject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the message (it may be the target's) nor the record: they hold personal data.
        formatter
            .debug_struct("Reject")
            .field("code", &self.code)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{RecordContent, content, parse};

    fn line_of(record: &[u8]) -> String {
        let span = RecordSpan { number: 3, line: 7, offset: 0, length: record.len() as u64, fault: None };
        let chunk = RecordChunk {
            input: Arc::from("users.json"),
            bytes: record.to_vec().into(),
            base: 0,
            spans: vec![span.clone()],
            header: None,
            consumed: 0,
        };
        let no_email = || Rejection::of_record(RejectCode::NoEmail, "no email");
        let rejection = parse(record).err().unwrap_or_else(no_email);
        String::from_utf8(Reject::new(rejection, Kind::default(), 0, &chunk, &span).line("run").unwrap()).unwrap()
    }

    #[test]
    fn the_line_of_any_record_gives_it_back() {
        for record in [
            b"{\"id\":\"u\",\n \"n\": 1e400, \"s\": \"\\u00e9\\n\"}".as_slice(),
            b"\"a string\"",
            b"{broken",
            b"{\"id\":\"\xff\"}",
            b"{\"lone\":\"\\ud800\"}",
        ] {
            let line = line_of(record);
            assert!(!line.contains('\n'), "{line}");
            let Ok(RecordContent::Json(original)) = content(line.as_bytes(), None) else { panic!("{line}") };
            let spaced: Vec<u8> = record.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).collect();
            assert_eq!(&*original, &spaced, "{line}");
        }
    }

    #[test]
    fn the_fault_is_placed_in_the_input() {
        let line: serde_json::Value = serde_json::from_str(&line_of(b"{\n\"id\": oops}")).unwrap();
        assert_eq!(line["code"], "invalid_json");
        assert_eq!(line["fault"], serde_json::json!({"line": 8, "offset": 8}));
        assert_eq!(line["position"]["record"], 3);
    }
}
