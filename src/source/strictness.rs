//! Property tests: over a whole document the reader accepts what `serde_json` accepts, and nothing else.

use proptest::prelude::*;

use super::oracle::{assert_agreement, read, reader};
use super::{FramingFault, ReaderLimits};

fn chunks_of(chunk_bytes: usize) -> ReaderLimits {
    ReaderLimits { chunk_bytes, ..ReaderLimits::default() }
}

fn space() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ \n\t\r]{0,3}").unwrap()
}

/// A JSON value as text. Its strings have the characters that make framing hard.
fn value() -> impl Strategy<Value = String> {
    let text = proptest::string::string_regex(r#"[a-c{}\[\],: é😀]{0,6}(\\["\\/nt])?[a-c{}\[\],]{0,3}"#).unwrap();
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-0.5e+300".to_owned()),
        Just("12345678901234567890".to_owned()),
        text.prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), space())
                .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!(",{space}")))),
            (proptest::collection::vec(inner, 0..5), space()).prop_map(|(items, space)| {
                let members: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| format!("\"k{index}\"{space}:{space}{item}"))
                    .collect();
                format!("{{{}{space}}}", members.join(&format!("{space},")))
            }),
        ]
    })
}

fn array() -> impl Strategy<Value = String> {
    (proptest::collection::vec(value(), 0..6), space(), space()).prop_map(|(mut items, before, behind)| {
        // An array that begins with an array of objects would be an array of pages.
        if let Some(first) = items.first_mut().filter(|first| first.starts_with('[')) {
            *first = format!("{{\"k\":{first}}}");
        }
        format!("[{before}{}{behind}]", items.join(&format!("{behind},{before}")))
    })
}

fn envelope() -> impl Strategy<Value = String> {
    (array(), value(), value(), space()).prop_map(|(array, before, behind, space)| {
        // An empty `data` beside an array of objects is refused.
        let behind = if array.trim_start_matches('[').trim_start().starts_with(']') { "0".to_owned() } else { behind };
        let before = if behind == "0" { "[]".to_owned() } else { before };
        format!("{{\"before\":{before}{space},\"data\"{space}:{space}{array},{space}\"behind\":{behind}}}{space}")
    })
}

/// A whole document: arrays or envelopes, one or several, one behind the other or in an array.
fn document() -> impl Strategy<Value = String> {
    let pages = prop_oneof![
        proptest::collection::vec((space(), array(), space()).prop_map(|(a, array, b)| format!("{a}{array}{b}")), 1..4),
        proptest::collection::vec(envelope(), 1..4),
    ];
    let together = prop_oneof![Just(("", "", "")), Just(("", "\u{feff}", "")), Just(("[", ",", "]"))];
    (pages, together).prop_map(|(pages, (open, between, close))| {
        // Arrays in an array are pages only if they hold objects.
        let first = pages.iter().find_map(|page| page.trim_start().strip_prefix('[')).map(str::trim_start);
        match first.filter(|first| !open.is_empty() && !first.starts_with('{')) {
            Some(_) => pages.concat(),
            None => format!("{open}{}{close}", pages.join(between)),
        }
    })
}

/// A changed document: a byte added, removed or replaced, or the end cut off.
fn mutate(document: &str, at: usize, kind: u8, byte: u8) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    let at = at % bytes.len().max(1);
    match kind {
        0 => bytes.insert(at, byte),
        1 => {
            bytes.remove(at);
        }
        2 => bytes[at] = byte,
        _ => bytes.truncate(at),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_document_gives_its_elements(document in document(), chunk in 1usize..80, piece in 1usize..50) {
        let parts: Vec<&str> = document.split('\u{feff}').collect();
        let pages = parts.iter().flat_map(|text| serde_json::Deserializer::from_str(text).into_iter());
        let pages: Vec<serde_json::Value> = pages.map(Result::unwrap).collect();
        let format = reader(document.as_bytes(), chunks_of(chunk), piece).unwrap().format();
        let pages = match pages.as_slice() {
            [serde_json::Value::Array(inner)] if format.is_array_of_pages() => inner.as_slice(),
            pages => pages,
        };
        let expected: Vec<_> =
            pages.iter().flat_map(|page| page.get("data").unwrap_or(page).as_array().unwrap().clone()).collect();
        let records = read(document.as_bytes(), chunks_of(chunk), piece).1.expect("a valid document is accepted");
        let values: Vec<serde_json::Value> =
            records.iter().map(|record| serde_json::from_slice(record).unwrap()).collect();
        prop_assert_eq!(values, expected);
    }

    #[test]
    fn a_changed_document_is_accepted_only_if_serde_json_accepts_it(
        document in document(),
        at in any::<usize>(),
        kind in 0u8..4,
        byte in proptest::sample::select(b"{}[]\",:\\ \n0-e.tn\xff\x00".to_vec()),
        chunk in 1usize..80,
        piece in 1usize..50,
    ) {
        let changed = mutate(&document, at, kind, byte);
        assert_agreement(&changed, chunk, piece);
    }
}

/// What may be where a page is expected: pages, with and without users beside `data`, and answers of other kinds.
fn odd_page() -> impl Strategy<Value = String> {
    let beside = proptest::sample::select(vec![
        r#""errors":[{"code":"x"}]"#,
        r#""errors":[]"#,
        r#""users":[{"x":1}]"#,
        r#""Users":["x"]"#,
        r#""more":[7,{"first_name":1}]"#,
        r#""more":[7,{"a":{"first_name":1}}]"#,
        r#""more":{"page":[[],[{"emailAddresses":[]}]]}"#,
        r#""more":{"first_name":1}"#,
        r#""more":{"a":[{"b":{"c":{"username":1}}}]}"#,
        r#""more":{"a":[{"b":"username"}]}"#,
        r#""pages":[{"data":[{"x":1}]}]"#,
        r#""more":{"user_1":{"first_name":1}}"#,
        r#""users":{"a":{}}"#,
        r#""id":1"#,
        r#""data":null"#,
        r#""data":[]"#,
        r#""data":[{"id":1}]"#,
        r#""data":[1,2]"#,
        r#""total":2"#,
    ]);
    prop_oneof![
        5 => (proptest::collection::vec(beside, 0..4), space())
            .prop_map(|(members, space)| format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))),
        1 => Just("[]".to_owned()),
        1 => Just(r#"[{"id":1},{"errors":[{}]}]"#.to_owned()),
        1 => Just(r#"{"errors":[{"message":"x"}],"clerk_trace_id":"y"}"#.to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn pages_and_members_beside_users_are_recognised_with_any_size_of_buffers(
        pages in proptest::collection::vec(odd_page(), 1..5),
        together in proptest::sample::select(vec![("", "", ""), ("", "\n", ""), ("", "\u{feff}", ""), ("[", ",", "]"), ("[", " ,\n", "]\n")]),
        chunk in 1usize..80,
        piece in 1usize..50,
    ) {
        let (open, between, close) = together;
        assert_agreement(format!("{open}{}{close}", pages.join(between)).as_bytes(), chunk, piece);
    }
}

/// Records, each with the length of the white space behind it.
fn spaced() -> impl Strategy<Value = Vec<(String, usize)>> {
    proptest::collection::vec((value(), prop_oneof![0usize..4, 0usize..200]), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// A record is the same as in the document, with any size of buffers and any amount of white space behind it. It is
    /// reported as too large only if it is.
    #[test]
    fn a_record_is_itself_or_too_large(
        mut records in spaced(),
        lines in any::<bool>(),
        is_cut_off in any::<bool>(),
        record_bytes in 1usize..80,
        chunk_bytes in 1usize..200,
        piece in 1usize..100,
    ) {
        for (record, _) in &mut records {
            if lines {
                *record = format!("{{\"id\":{}}}", record.replace('\n', " "));
            } else if record.starts_with('[') {
                *record = format!("{{\"id\":{record}}}");
            }
        }
        let space = |count: usize| " \t".repeat(count / 2) + &" ".repeat(count % 2);
        let spaced: Vec<String> = records.iter().map(|(record, behind)| record.clone() + &space(*behind)).collect();
        let document = match (lines, is_cut_off) {
            (true, false) => spaced.join("\n") + "\n",
            (true, true) => spaced.join("\n"),
            (false, false) => format!("[{}]", spaced.join(",")),
            (false, true) => format!("[{}", spaced.join(",")),
        };
        let limits = ReaderLimits { chunk_bytes, record_bytes };
        let mut reader = reader(document.as_bytes(), limits, piece).unwrap();
        let mut found = 0;
        while let Ok(Some(chunk)) = reader.next_chunk() {
            for span in &chunk.spans {
                let (record, _) = &records[found];
                found += 1;
                prop_assert_eq!((span.number, span.length), (found as u64, record.len() as u64), "{}", document);
                match span.fault {
                    None => {
                        prop_assert!(record.len() <= record_bytes);
                        prop_assert_eq!(chunk.record(span), record.as_bytes(), "{} of {}", found, document);
                    }
                    Some(FramingFault::Empty) => prop_assert!(false, "record {} of {} is there", found, document),
                    Some(FramingFault::TooLarge { .. }) => {
                        prop_assert!(record.len() > record_bytes, "{} of {}", found, document);
                        prop_assert_eq!(chunk.record(span), b"");
                    }
                }
            }
        }
        let least = records.len() - usize::from(is_cut_off);
        prop_assert!((least..=records.len()).contains(&found), "{} of {}", found, document);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Lines that were put together from files, or taken from an array.
    #[test]
    fn lines_are_accepted_only_if_each_is_json_without_what_is_around_it(
        lines in proptest::collection::vec((value(), 0u8..6, space()), 1..5),
        at in any::<usize>(),
        kind in 0u8..5,
        byte in proptest::sample::select(b"{}[]\",:\\ \n0\xef\xbb\xbf\x00".to_vec()),
        chunk in 1usize..80,
        piece in 1usize..50,
    ) {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(value, around, space)| {
                let space = space.replace('\n', "\t");
                let object = format!("{{\"id\":{}}}", value.replace('\n', " "));
                match around {
                    0 => format!("{space}{object}{space},{space}"),
                    1 => format!("\u{feff}{space}{object},"),
                    2 => format!("\u{feff}{object}"),
                    _ => object,
                }
            })
            .collect();
        let document = lines.join("\n");
        if kind < 4 {
            assert_agreement(&mutate(&document, at, kind, byte), chunk, piece);
        } else {
            let count = read(document.as_bytes(), chunks_of(chunk), piece).1.expect("they are accepted").len();
            prop_assert_eq!(count, lines.len());
        }
    }
}

/// The kinds of cases in public suites of JSON tests. The name of each file says what is expected. Buffers may end anywhere.
#[test]
fn every_kind_of_case_is_decided_as_serde_json_does() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/json_cases");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let document = std::fs::read(&path).unwrap();
        let is_valid = path.file_name().unwrap().to_str().unwrap().starts_with("valid_");
        for (chunk, piece) in [(1, 1), (7, 3), (64, 64), (65, 200), (1 << 20, 1 << 20)] {
            assert_agreement(&document, chunk, piece);
            assert_eq!(read(&document, chunks_of(chunk), piece).1.is_some(), is_valid, "{}", path.display());
        }
        count += 1;
    }
    assert!(count > 100, "{count} cases");
}
