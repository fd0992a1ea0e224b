//! An answer and the records in it, each as the API gave it to the byte.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of a list: where in the answer its records are.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiPage {
    /// Its records, in the order of the list.
    pub records: Vec<ApiRecord>,
    /// How many records the whole list has, if the answer says it.
    pub total: Option<u64>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRecord {
    /// Its id.
    pub id: String,
    /// When it was created, in milliseconds since 1970.
    pub created_at: Option<i64>,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_at: Option<i64>,
    /// Where it is in the answer, in bytes.
    place: Range<usize>,
}

/// One of the two shapes of lists: some endpoints answer with this, some with the array alone, and some with either.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    total_count: Option<u64>,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    created_at: Option<i64>,
    updated_at: Option<i64>,
}

#[derive(Deserialize)]
struct Count {
    total_count: u64,
}

impl ApiPage {
    /// Reads a list; nothing if it is none.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (elements, total): (Vec<&RawValue>, _) = if body.trim_ascii_start().starts_with(b"[") {
            (serde_json::from_slice(body).ok()?, None)
        } else {
            let Envelope { data, total_count } = serde_json::from_slice(body).ok()?;
            (data, total_count)
        };
        let records =
            elements.into_iter().map(|element| ApiRecord::read(element.get(), body)).collect::<Option<_>>()?;
        Some(Self { records, total })
    }
}

impl ApiRecord {
    fn read(text: &str, body: &[u8]) -> Option<Self> {
        let Members { id, created_at, updated_at } = serde_json::from_str(text).ok()?;
        let start = text.as_ptr().addr() - body.as_ptr().addr();
        Some(Self { id: id.into_owned(), created_at, updated_at, place: start..start + text.len() })
    }

    /// A record of which only this is known.
    #[cfg(test)]
    pub fn of(id: &str, created_at: i64) -> Self {
        Self { id: id.to_owned(), created_at: Some(created_at), updated_at: None, place: 0..0 }
    }

    /// Its text, as it came, within the answer that it was read from.
    pub fn text<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        &body[self.place.clone()]
    }
}

/// Reads an answer that is one object: its bytes; nothing if it is none.
pub fn object(body: &[u8]) -> Option<Vec<u8>> {
    let text = serde_json::from_slice::<&RawValue>(body).ok()?.get();
    text.starts_with('{').then(|| text.as_bytes().to_vec())
}

/// Reads the answer to a question about a number.
pub fn total_count(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Count>(body).ok().map(|count| count.total_count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(body: &str) -> Option<(Vec<String>, Option<u64>)> {
        let page = ApiPage::read(body.as_bytes())?;
        let text = |record: &ApiRecord| String::from_utf8(record.text(body.as_bytes()).to_vec()).expect("UTF-8");
        Some((page.records.iter().map(text).collect(), page.total))
    }

    #[test]
    fn both_shapes_are_read_and_records_are_as_they_came() {
        let one = r#"{"id":"user_1", "n":1.50e+2 ,"s":"\u00e9, ]}\"","big":12345678901234567890123}"#;
        let two = r#"{"updated_at":7,"id":"user_2"}"#;
        let records = vec![one.to_owned(), two.to_owned()];
        assert_eq!(texts(&format!(" [ {one} ,\n{two}]")), Some((records.clone(), None)));
        let envelope = format!(r#"{{"total_count":12,"data":[{one},{two}],"more":[]}}"#);
        assert_eq!(texts(&envelope), Some((records, Some(12))));
        assert_eq!(texts("[]"), Some((Vec::new(), None)));
        assert_eq!(texts(r#"{"data":[]}"#), Some((Vec::new(), None)));
    }

    #[test]
    fn what_is_no_list_of_records_is_none() {
        for body in [
            "",
            "<html>",
            "null",
            "[1]",
            r#"[{"id":1}]"#,
            r#"[{"name":"x"}]"#,
            r#"[{"id":"a"}"#,
            r#"[{"id":"a"}] x"#,
            r#"{"errors":[]}"#,
            r#"{"data":{}}"#,
        ] {
            assert!(texts(body).is_none(), "{body}");
        }
    }

    #[test]
    fn an_object_or_a_number_is_read() {
        assert_eq!(object(b" {\"a\": 1}\n"), Some(b"{\"a\": 1}".to_vec()));
        assert_eq!(object(b"[]"), None);
        assert_eq!(object(b"{"), None);
        assert_eq!(total_count(br#"{"object":"total_count","total_count":5}"#), Some(5));
        assert_eq!(total_count(b"[]"), None);
    }

    proptest! {
        #[test]
        fn the_texts_of_any_records_come_back(texts in proptest::collection::vec(any::<String>(), 0..8)) {
            let records: Vec<String> =
                texts.iter().map(|text| serde_json::json!({ "id": text, "x": [text] }).to_string()).collect();
            let body = format!("[{}]", records.join(","));
            let page = ApiPage::read(body.as_bytes()).expect("a page");
            let ids: Vec<String> = page.records.iter().map(|record| record.id.clone()).collect();
            prop_assert_eq!(ids, texts);
            prop_assert_eq!(self::texts(&body), Some((records, None)));
        }
    }
}
