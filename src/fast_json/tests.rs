use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::oracle::assert_agreement;
use super::read;
use crate::clerk::{Organization, User};

/// Users in every style, and values in which everything occurs that JSON has.
fn records() -> Vec<String> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let export = include_str!("../../fixtures/clerk_users.json");
    let page: Page<'_> = serde_json::from_str(export).unwrap();
    let users = page.data.iter().map(|user| user.get());
    let compact = users.clone().filter_map(|user| Some(serde_json::from_str::<Value>(user).ok()?.to_string()));
    let others = [
        r#"{"id":"u","email_addresses":["a@x.org","b@x.org"],"verified_email_addresses":"a@x.org|b@x.org","x":[1,{"y":-0.5e+3}]}"#,
        r#"{"id":"u","firstName":"Ada","emailAddresses":[{"id":"i","emailAddress":"a@x.org","linkedTo":[]}],"_raw":{"passkeys":[{}]}}"#,
        r#"{"id":"u\u00e9\n","created_at":1700000000000,"legal_accepted_at":-1,"public_metadata":{ "a":"\ud83d\ude00", "n":1e400,"m":[] }}"#,
        r#"{"id":"o","name":"N","slug":"n","max_allowed_memberships":5,"public_metadata":{"a":[true,false,null]},"created_at":1700000000}"#,
        r#"{"id":"m","role":"org:admin","organization":{"id":"o"},"public_user_data":{"user_id":"u"},"permissions":["a"]}"#,
        r#" [ 0 , -1 , 12345678901234567890 , 0.5 , "é😀" , { } , [ ] , [ [ { "a" : [ ] } ] ] , "\"\\\/\b\f\n\r\t\u0041" ] "#,
    ];
    users.map(str::to_owned).chain(compact).chain(others.map(str::to_owned)).collect()
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    " ",
    "\n",
    "\u{b}",
    "\u{1}",
    "0",
    "-",
    "e",
    "E",
    ".",
    "+",
    "t",
    "n",
    "u",
    "é",
    "null",
    "true",
    "false",
    "nul",
    "-0",
    "00",
    "01",
    "1e5",
    "1.5",
    "1.",
    "-",
    "123456789012345678",
    "1234567890123456789",
    "\"\"",
    "\"id\":",
    "\"id\":\"x\",",
    ",\"id\":null",
    "\"\\u0041\"",
    "\"\\ud800\"",
    "\"\\x\"",
    "\\u00e9",
    "\\\"",
    "\\\\",
    "[[]]",
    "{\"a\":1}",
    "{\"a\":1,}",
    "[1,]",
    "\"firstName\":\"x\",",
    "\"\\u0069d\":1,",
    "\"email_addresses\":[\"a@b.co\"],",
    "\"created_at\":1e12,",
    "\"created_at\":-1,",
    "\"banned\":true,",
    "\"new_name\":[{\"b\":\"c\"}],",
    "//",
    "'",
];

#[derive(Clone, Debug)]
enum JsonEdit {
    Insert(&'static str),
    Replace(&'static str),
    Remove(usize),
    Double(usize),
    CutOff,
}

fn edit() -> impl Strategy<Value = JsonEdit> {
    let piece = || proptest::sample::select(PIECES);
    prop_oneof![
        4 => piece().prop_map(JsonEdit::Insert),
        3 => piece().prop_map(JsonEdit::Replace),
        3 => (1usize..12).prop_map(JsonEdit::Remove),
        2 => (1usize..40).prop_map(JsonEdit::Double),
        1 => Just(JsonEdit::CutOff),
    ]
}

fn changed(text: &str, at: usize, edit: &JsonEdit) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % (bytes.len() + 1);
    let until = |length: usize| (at + length).min(text.len());
    match edit {
        JsonEdit::Insert(piece) => drop(bytes.splice(at..at, piece.bytes())),
        JsonEdit::Replace(piece) => drop(bytes.splice(at..until(piece.len()), piece.bytes())),
        JsonEdit::Remove(length) => drop(bytes.drain(at..until(*length))),
        JsonEdit::Double(length) => drop(bytes.splice(at..at, text.bytes().skip(at).take(*length))),
        JsonEdit::CutOff => bytes.truncate(at),
    }
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_record_is_read_as_serde_json_reads_it_or_left(
        index in any::<proptest::sample::Index>(),
        edits in proptest::collection::vec((any::<usize>(), edit()), 1..3),
    ) {
        thread_local! {
            static RECORDS: Vec<String> = records();
        }
        let mut text = RECORDS.with(|records| records[index.index(records.len())].clone());
        for (at, edit) in &edits {
            text = changed(&text, *at, edit).unwrap_or(text);
        }
        assert_agreement(&text);
    }
}

#[test]
fn the_cases_of_malformed_json_are_left() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/json_cases");
    let mut texts = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        if let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) {
            assert_agreement(&text);
            texts += 1;
        }
    }
    assert!(texts > 50, "{texts} cases");
}

/// A version of a library, or a change here, that left everything to `serde_json` would be seen by nobody.
#[test]
fn usual_records_are_not_left() {
    for text in records() {
        let is_user = serde_json::from_str::<User<'_>>(&text).is_ok();
        assert_eq!(read::<User<'_>>(&text).is_some(), is_user, "{text}");
        assert_agreement(&text);
    }
    for text in [r#"{"id":"o","public_metadata":{"a":1}}"#, r#"{"id":"o","public_metadata":{ "a" : 1.5 } }"#] {
        let metadata = |organization: Organization<'_>| organization.public_metadata.unwrap().get().to_owned();
        assert_eq!(read(text).map(metadata), serde_json::from_str(text).ok().map(metadata));
    }
}

#[test]
fn what_is_nested_deeply_is_left() {
    for (depth, is_read) in [(50, true), (100, false), (1_000_000, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(read::<IgnoredAny>(&text).is_some(), is_read);
        assert_eq!(read::<Value>(&text).is_some(), is_read);
        let user = format!("{{\"id\":\"u\",\"x\":{text},\"public_metadata\":{text}}}");
        assert_eq!(read::<User<'_>>(&user).is_some(), is_read);
    }
}

#[test]
fn metadata_is_kept_to_the_byte() {
    let metadata = r#"{ "n":12345678901234567890123 ,"f":1e400,"s":"\u00e9","a":1,"a":2 }"#;
    let text = format!("{{\"id\":\"u\",\"public_metadata\":\t{metadata} }}");
    assert_eq!(read::<User<'_>>(&text).unwrap().public_metadata.unwrap().get(), metadata);
}
