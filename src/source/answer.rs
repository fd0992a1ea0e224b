//! What stands where a user is expected and is not a user: a page of users, or an error answer of Clerk's API.

use std::cell::Cell;
use std::io::Read;

use struson::reader::{JsonReader, JsonStreamReader};

use super::diagnose::settings;
use super::page::{Head, Json, find_data, page_within, shown};
use super::record::to_index;

/// The largest error answer that is recognised, in bytes. Those of the API have a few hundred.
pub(super) const ANSWER: usize = 4 * 1024;

/// What to do about an error answer without users.
pub(crate) const ERROR_ANSWER: &str = "it is an error answer of Clerk's API, not users: the request for them failed, so make it \
                                       again and put what it brings in the place of this";

/// The length of the error answer of Clerk's API at the beginning of a text, if there is one: an object whose `errors` is an
/// array with an object in it, without an array in `data` and without any member that users have.
pub(super) fn error_answer(text: &[u8]) -> Option<usize> {
    let name = Cell::new(None);
    let mut text = &text[..text.len().min(2 * ANSWER)];
    let text: &mut dyn Read = &mut text;
    let mut json = Json { reader: JsonStreamReader::new_custom(text, settings()), name: &name };
    let head = find_data(&mut json).ok()?;
    let length = to_index(json.reader.current_position(false).data_pos?);
    (matches!(head, Head::Answer) && length <= ANSWER).then_some(length)
}

/// The name of the member of a record that holds users, if there is one: then the record is a page of users and not a user.
/// A name that may be personal data is not repeated.
pub fn users_within(record: &[u8]) -> Option<String> {
    let (name, mut text) = (Cell::new(None), record);
    let text: &mut dyn Read = &mut text;
    let mut json = Json { reader: JsonStreamReader::new_custom(text, settings()), name: &name };
    page_within(&mut json).ok().flatten().map(|name| shown(&name))
}

/// Whether a record is an error answer of Clerk's API. Some programs write one in place of a page of users.
pub fn is_error_answer(record: &[u8]) -> bool {
    error_answer(record).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_is_known_by_its_members() {
        let answer = r#"{"errors":[{"message":"x","code":"y"}],"clerk_trace_id":"z"}"#;
        assert_eq!(error_answer(answer.as_bytes()), Some(answer.len()));
        assert_eq!(error_answer(format!(" {answer} ,x").as_bytes()), Some(answer.len() + 1));
        assert!(is_error_answer(br#"{"data":null,"errors":[{}]}"#));
        for other in [
            "{}",
            "7",
            r#"{"errors":[]}"#,
            r#"{"errors":["x"]}"#,
            r#"{"errors":[{}],"id":"user_1"}"#,
            r#"{"errors":[{}],"data":[]}"#,
            r#"{"errors":[{}]"#,
        ] {
            assert!(!is_error_answer(other.as_bytes()), "{other}");
        }
        let long = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "x".repeat(ANSWER));
        assert!(!is_error_answer(long.as_bytes()));
    }
}
