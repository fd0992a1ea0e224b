//! Who a record is about, of a record that does not become an identity: it may be at the target all the same.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::record_content::{RecordContent, content};
use super::text::non_empty;
use crate::source::{Header, RawRecord};

/// The ids in a record, as far as they can be read. There is no `Debug`: they are personal data.
#[derive(Default, PartialEq, Eq)]
pub struct RecordIds {
    /// The id of the user at Clerk.
    pub clerk_id: Option<String>,
    /// The customer's own id for the user.
    pub external_id: Option<String>,
}

impl RecordIds {
    /// The ids in a record of an input: a user as JSON, a row of a CSV, or the record in a line of a rejects file.
    pub fn of(record: RawRecord<'_>) -> Self {
        let bytes = record.bytes();
        if let Some(header) = record.header() {
            return Self::of_row(header, bytes);
        }
        match content(bytes, None) {
            Ok(RecordContent::Json(json)) => Self::of_json(&json),
            Ok(RecordContent::Row(row)) => {
                row.header.as_ref().map_or_else(Self::default, |header| Self::of_row(header, &row.text))
            }
            Err(_) => Self::of_json(bytes),
        }
    }

    /// The ids in JSON, even if something else in it is wrong; of what is no JSON those in front of the fault.
    pub fn of_json(record: &[u8]) -> Self {
        let mut ids = Self::default();
        // What was read before an error counts, and the error is what the record is rejected for.
        serde_json::Deserializer::from_slice(record).deserialize_map(IdsVisitor(&mut ids)).unwrap_or_default();
        ids
    }

    /// The ids in a row of a CSV, whose cells need not fit its header.
    pub fn of_row(header: &Header, row: &[u8]) -> Self {
        let cell = |column| header.cell(row, column).map(Cow::into_owned).filter(|text| !text.is_empty());
        Self { clerk_id: cell("id"), external_id: cell("external_id") }
    }
}

/// Notes the ids while it goes through an object.
struct IdsVisitor<'a>(&'a mut RecordIds);

impl<'de> Visitor<'de> for IdsVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a user object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let id = match &*name {
                "id" => &mut self.0.clerk_id,
                "external_id" | "externalId" => &mut self.0.external_id,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let text = serde_json::from_str::<String>(map.next_value::<&RawValue>()?.get()).ok();
            *id = text.filter(|text| non_empty(Some(text)).is_some());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ids: RecordIds) -> [String; 2] {
        [ids.clerk_id, ids.external_id].map(|id| id.unwrap_or_else(|| "-".to_owned()))
    }

    #[test]
    fn ids_are_read_if_anything_else_is_wrong() {
        for (record, expected) in [
            (r#"{"id":"u","external_id":"e"}"#, ["u", "e"]),
            (r#"{"banned":[],"externalId":"e","x":{"id":"v"},"id":"\u0075"}"#, ["u", "e"]),
            (r#"{"id":7,"external_id":""}"#, ["-", "-"]),
            (r#"{"id":null,"external_id":"e"}"#, ["-", "e"]),
            // No JSON behind the id, and in front of it.
            (r#"{"id":"u","first_name":oops,"external_id":"e"}"#, ["u", "-"]),
            (r#"{"first_name":oops,"id":"u"}"#, ["-", "-"]),
            (r#"["id","u"]"#, ["-", "-"]),
            ("", ["-", "-"]),
        ] {
            assert_eq!(read(RecordIds::of_json(record.as_bytes())), expected, "{record}");
        }
    }

    #[test]
    fn the_ids_of_a_row_are_read_if_its_cells_do_not_fit_the_header() {
        let names = ["first_name", "id", "password_digest", "external_id"].map(str::to_owned).to_vec();
        let header = Header::of_names(names, b',').expect("a header");
        for (row, expected) in [
            ("N,u", ["u", "-"]),
            ("N, \"u\"\"\" ,d,e,f,g", ["u\"", "e"]),
            ("N,u,d\"x\",e", ["u", "e"]),
            ("N,\"u,d,e", ["-", "e"]),
            ("N", ["-", "-"]),
        ] {
            assert_eq!(read(RecordIds::of_row(&header, row.as_bytes())), expected, "{row}");
        }
        assert_eq!(read(RecordIds::of_row(&header, b"\xff,u,d,e")), ["u", "e"]);
    }
}
