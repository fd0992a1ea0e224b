//! Finds exactly where a record is wrong, by reading it again with struson.
//!
//! The fast parser only knows that a record does not parse. Rejects are rare, so a slower, exact reader is worth it here: it
//! names the JSON path, the line and the byte.

use serde_json::error::Category;
use struson::reader::json_path::JsonPathPiece;
use struson::reader::{JsonReader, JsonReaderPosition, JsonStreamReader, ReaderError, ReaderSettings, SyntaxErrorKind};

use super::Place;

/// A fault of a text as JSON, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// The line within the text, from 1, and the byte offset within it, from 0.
    pub place: Place,
    /// The JSON path, such as `$.email_addresses[0].verified`. It has the names of members, and never a value.
    pub path: Option<String>,
    /// A sentence that does not repeat the text.
    pub problem: &'static str,
    /// Whether the text ends too early and is not wrong otherwise.
    pub ends_early: bool,
}

/// With as many brackets no value is nested too deeply for struson.
const SURE_DEPTH: usize = 100;

/// The settings with which struson accepts what `serde_json` accepts.
pub(super) fn settings() -> ReaderSettings {
    // Numbers are kept as text, so their size does not matter.
    ReaderSettings { restrict_number_values: false, ..ReaderSettings::default() }
}

/// Finds the first fault of `text` as one JSON value; `None` if it has no fault.
pub fn diagnose(text: &[u8]) -> Option<SyntaxFault> {
    let mut reader = JsonStreamReader::new_custom(text, settings());
    let error = match reader.skip_value() {
        Ok(()) => reader.consume_trailing_whitespace().err(),
        Err(error) => Some(error),
    };
    let Some(error) = error else { return second_opinion(text) };
    let mut fault = fault(&error);
    // struson counts a lone carriage return as a line; editors and the framer do not.
    let before = text.get(..super::record::to_index(fault.place.offset)).unwrap_or(text);
    fault.place.line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
    if fault.problem == TRAILING && text.get(before.len()) == Some(&b',') {
        fault.problem = "there is a comma behind the value";
    }
    Some(fault)
}

/// Whether `serde_json` alone can say if `text` is a JSON value: [`diagnose`], which takes longer, says the same. Of few texts it
/// cannot: of those that may have half of a surrogate pair, which is escaped with `\u`, or that may be nested very deeply.
pub fn serde_json_can_say(text: &str) -> bool {
    let brackets = memchr::memchr2_iter(b'[', b'{', text.as_bytes()).count();
    brackets <= SURE_DEPTH && memchr::memmem::find(text.as_bytes(), b"\\u").is_none()
}

/// If `serde_json` refuses what struson accepts, its position is better than none.
fn second_opinion(text: &[u8]) -> Option<SyntaxFault> {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(text).err()?;
    let before: usize =
        text.split(|&byte| byte == b'\n').take(error.line().saturating_sub(1)).map(|l| l.len() + 1).sum();
    Some(SyntaxFault {
        place: Place {
            line: error.line().max(1) as u64,
            offset: (before + error.column().saturating_sub(1)).min(text.len()) as u64,
        },
        path: None,
        problem: "malformed JSON",
        ends_early: error.classify() == Category::Eof,
    })
}

/// Describes an error of struson without repeating the text.
pub(super) fn fault(error: &ReaderError) -> SyntaxFault {
    let (location, problem, ends_early) = match error {
        ReaderError::SyntaxError(syntax) => {
            (&syntax.location, describe(syntax.kind), syntax.kind == SyntaxErrorKind::IncompleteDocument)
        }
        ReaderError::UnexpectedValueType { location, .. } => (location, "a value of another type is expected", false),
        ReaderError::UnexpectedStructure { location, .. } => (location, "unexpected structure", false),
        ReaderError::MaxNestingDepthExceeded { location, .. } => (location, "nested more than 128 levels deep", false),
        ReaderError::UnsupportedNumberValue { location, .. } => (location, "unsupported number", false),
        ReaderError::IoError { location, .. } => (location, NOT_UTF8, false),
        _ => {
            return SyntaxFault {
                place: Place { line: 1, offset: 0 },
                path: None,
                problem: "malformed JSON",
                ends_early: false,
            };
        }
    };
    SyntaxFault { place: place(location), path: path(location), problem, ends_early }
}

fn place(location: &JsonReaderPosition) -> Place {
    Place {
        line: location.line_pos.as_ref().map_or(0, |position| position.line) + 1,
        offset: location.data_pos.unwrap_or(0),
    }
}

fn path(location: &JsonReaderPosition) -> Option<String> {
    let pieces = location.path.as_ref().filter(|pieces| !pieces.is_empty())?;
    let pieces = pieces.iter().map(|piece| match piece {
        JsonPathPiece::ArrayItem(index) => format!("[{index}]"),
        JsonPathPiece::ObjectMember(name) => format!(".{}", name.chars().take(64).collect::<String>()),
    });
    Some(std::iter::once("$".to_owned()).chain(pieces).collect())
}

pub(super) const TRAILING: &str = "unexpected characters behind the value";

const NOT_UTF8: &str =
    "not valid UTF-8 (convert the export, for example with `iconv -f WINDOWS-1252 -t UTF-8`, if that is what it is in)";

fn describe(kind: SyntaxErrorKind) -> &'static str {
    match kind {
        SyntaxErrorKind::CommentsNotEnabled => "comments are not part of JSON",
        SyntaxErrorKind::InvalidLiteral => "neither a string, a number, `true`, `false` nor `null`",
        SyntaxErrorKind::TrailingDataAfterLiteral => "unexpected characters behind a literal",
        SyntaxErrorKind::UnexpectedClosingBracket => "a closing bracket without its opening one",
        SyntaxErrorKind::UnexpectedComma => "a comma where a value is expected",
        SyntaxErrorKind::MissingComma => "a comma is missing",
        SyntaxErrorKind::TrailingCommaNotEnabled => "a comma before a closing bracket",
        SyntaxErrorKind::UnexpectedColon => "an unexpected colon",
        SyntaxErrorKind::MissingColon => "a colon is missing",
        SyntaxErrorKind::MalformedNumber => "a malformed number",
        SyntaxErrorKind::TrailingDataAfterNumber => "unexpected characters behind a number",
        SyntaxErrorKind::ExpectingMemberNameOrObjectEnd => "a member name in quotes or `}` is expected",
        SyntaxErrorKind::NotEscapedControlCharacter => "a control character inside a string that is not escaped",
        SyntaxErrorKind::UnknownEscapeSequence => "an unknown escape sequence",
        SyntaxErrorKind::MalformedEscapeSequence => "a malformed escape sequence",
        SyntaxErrorKind::UnpairedSurrogatePairEscapeSequence => "half of a surrogate pair",
        SyntaxErrorKind::IncompleteDocument => "it ends too early",
        SyntaxErrorKind::TrailingData => TRAILING,
        _ => "malformed JSON",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fault_is_found_to_the_byte() {
        let text = b"{\n \"email_addresses\": [{\"verified\": tru}]}";
        let fault = diagnose(text).expect("a fault");
        assert_eq!(fault.place.line, 2);
        assert_eq!(&text[super::super::record::to_index(fault.place.offset)..][..3], b"tru");
        assert_eq!(fault.path.as_deref(), Some("$.email_addresses[0].verified"));
        assert!(!fault.ends_early);
    }

    #[test]
    fn a_text_that_ends_early_is_distinguished_from_a_wrong_one() {
        assert!(diagnose(br#"{"a": [1, 2"#).expect("a fault").ends_early);
        assert!(!diagnose(br#"{"a": [1, 2}"#).expect("a fault").ends_early);
        assert_eq!(diagnose(br#"{"a": [1, 2]}"#), None);
        assert_eq!(diagnose(b"1e400"), None);
        assert_eq!(diagnose(b"\"\xff\"").expect("a fault").problem, NOT_UTF8);
    }

    fn assert_alike(text: &str) {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert!(!serde_json_can_say(text) || is_json == diagnose(text.as_bytes()).is_none(), "{text:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn where_serde_json_can_say_it_says_the_same(
            text in r#"[ \t\n\r]?(\{"a":|\[|"){0,3}([-+.0-9eE]{0,5}|true|nul|null|[\[\]{}:,"a ]{0,6}|\\(u[0-9d][0-9a-f]{3}|[nbx"\\/])|[\x00-\x20\x7fé]){0,3}("|\]|\}){0,3}[ \n,]?"#,
        ) {
            assert_alike(&text);
        }
    }

    #[test]
    fn of_a_value_that_is_nested_very_deeply_it_cannot_say() {
        for depth in [SURE_DEPTH - 1, SURE_DEPTH + 1, 128, 129, 5_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_alike(&text);
        }
        assert!(!serde_json_can_say(&"[".repeat(SURE_DEPTH + 1)) && !serde_json_can_say("\"\\ud800\""));
    }
}
