//! A record's bytes to Clerk's user, with errors that never repeat the record.

use serde::Deserialize;

use super::{RejectCode, Rejection};
use crate::clerk::User;
use crate::clerk::object::InPlace;
use crate::fast_json;
use crate::source::{ERROR_ANSWER, Header, Row, RowFault, SyntaxFault, diagnose, is_error_answer, users_within};

/// Parses one record strictly: the whole of it has to be one JSON value in UTF-8.
pub fn parse(record: &[u8]) -> Result<User<'_>, Rejection> {
    let mut user = User::default();
    parse_into(record, &mut user)?;
    Ok(user)
}

/// The same into a user that is empty.
pub(super) fn parse_into<'a>(record: &'a [u8], user: &mut User<'a>) -> Result<(), Rejection> {
    if text_of(record).and_then(|text| fast_json::read_seed(text, InPlace(user))).is_none() {
        *user = parse_the_long_way(record)?;
    }
    user.take_over_raw();
    if user.id.is_none() && user.unknown_fields > 0 {
        reject_unless_user(record)?;
    }
    Ok(())
}

/// Parses one record of any kind.
pub(super) fn parse_as<'a, T: Deserialize<'a>>(record: &'a [u8]) -> Result<T, Rejection> {
    text_of(record).and_then(fast_json::read).map_or_else(|| parse_the_long_way(record), Ok)
}

/// Skipped members are not checked for UTF-8 by the parser, and must not slip through: hence text, not bytes.
fn text_of(record: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(record).ok()
}

#[cold]
fn parse_the_long_way<'a, T: Deserialize<'a>>(record: &'a [u8]) -> Result<T, Rejection> {
    let parsed = match std::str::from_utf8(record) {
        Ok(text) => serde_json::from_str(text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    // Not being JSON outweighs a wrong type before the fault.
    parsed.map_err(|error| diagnose(record).map_or_else(|| type_fault(&error), syntax))
}

/// Rejects what programs put in the place of a user: an error answer of the API, and a whole page of users.
fn reject_unless_user(record: &[u8]) -> Result<(), Rejection> {
    if is_error_answer(record) {
        return Err(Rejection::of_field(RejectCode::InvalidRecord, "errors", ERROR_ANSWER));
    }
    let Some(member) = users_within(record) else { return Ok(()) };
    let message =
        format!("the record is a page of users and no user: its users are in {member}; take them out of it, with `jq`");
    Err(Rejection::of_record(RejectCode::InvalidRecord, message))
}

/// Reads one row of a CSV.
pub fn parse_row<'a>(header: &'a Header, row: &'a Row<'_>) -> Result<User<'a>, Rejection> {
    User::of_cells(header.cells(row)).map_err(|error: serde_json::Error| type_fault(&error.to_string()))
}

/// The rejection of a row whose cells are not known.
pub fn row_rejection(fault: RowFault) -> Rejection {
    let (place, message) = match fault {
        RowFault::Quotes(place) => {
            let message =
                "a quote stands in the middle of a cell, where none may be; one within a quoted cell is doubled";
            (Some(place), message.to_owned())
        }
        RowFault::Unclosed(place) => {
            (Some(place), "a cell begins with a quote that is never closed; close it, or take it out".to_owned())
        }
        RowFault::NotUtf8 => (None, "the row is not UTF-8; save the file as UTF-8".to_owned()),
        RowFault::Cells { found, columns } if found > columns => {
            let message = "there is something in a cell for which there is no column";
            (
                None,
                format!(
                    "{message}: the header has {columns}; a cell with a comma, a quote or a line break needs quotes"
                ),
            )
        }
        RowFault::Cells { found, columns } => (None, format!("the row has {found} of {columns} cells")),
    };
    Rejection { place, ..Rejection::of_record(RejectCode::InvalidRow, message) }
}

fn syntax(fault: SyntaxFault) -> Rejection {
    let SyntaxFault { place, path, problem, .. } = fault;
    let at = path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
    let message = format!("the record is not valid JSON: {problem}{at}");
    Rejection { field: path, place: Some(place), ..Rejection::of_record(RejectCode::InvalidJson, message) }
}

/// Rewords serde's `a: b: invalid type: string "secret", expected a boolean at line 1 column 9` without the content.
fn type_fault(text: &str) -> Rejection {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let Some((start, what)) = ["invalid type: ", "invalid value: ", "invalid length ", "duplicate field "]
        .into_iter()
        .filter_map(|what| text.find(what).map(|start| (start, what)))
        .min()
    else {
        // Well-formed, and of the right type, yet refused.
        return Rejection::of_record(RejectCode::InvalidRecord, "a number is out of range");
    };
    let (path, rest) = (&text[..start], &text[start + what.len()..]);
    let path: Vec<&str> = path.split(": ").filter(|name| !name.is_empty()).collect();
    let field = (!path.is_empty()).then(|| path.join("."));
    let place = field.as_deref().unwrap_or("the record");
    let message = if what == "duplicate field " {
        format!("{place} has the field {rest} twice")
    } else if what == "invalid length " {
        let expected = rest.rsplit_once(", expected ").map_or("fewer", |(_, expected)| expected);
        format!("{place} has too many entries: expected {expected}")
    } else {
        let found = rest.find(['"', '`', ',']).map_or(rest, |end| &rest[..end]);
        let expected = rest.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
        format!("{place} has the wrong type: expected {}, found {}", reworded(expected), reworded(found.trim()))
    };
    Rejection { field, ..Rejection::of_record(RejectCode::InvalidRecord, message) }
}

/// serde's words in terms of JSON.
fn reworded(word: &str) -> &str {
    match word {
        "map" => "an object",
        "sequence" | "a sequence" => "an array",
        "string" | "character" => "a string",
        "boolean" => "a boolean",
        "integer" | "i64" => "an integer",
        "floating point" => "a number",
        "unit value" => "null",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(record: &str) -> Rejection {
        parse(record.as_bytes()).expect_err("a rejection")
    }

    #[test]
    fn a_wrong_type_is_named_without_its_content() {
        let cases = [
            (
                r#"{"first_name":7}"#,
                Some("first_name"),
                "first_name has the wrong type: expected a string, found an integer",
            ),
            (
                r#"{"email_addresses":[{"verified":"secret, expected x"}]}"#,
                Some("email_addresses.verified"),
                "email_addresses.verified has the wrong type: expected a boolean, found a string",
            ),
            (r#""a secret""#, None, "the record has the wrong type: expected a user object, found a string"),
            ("[1]", None, "the record has the wrong type: expected a user object, found an array"),
            ("null", None, "the record has the wrong type: expected a user object, found null"),
            (r#"{"id":"a","id":"b"}"#, None, "the record has the field `id` twice"),
            (
                r#"{"created_at":"a secret"}"#,
                Some("created_at"),
                "created_at has the wrong type: expected a time in Unix milliseconds or as in RFC 3339, found another text",
            ),
        ];
        for (record, field, message) in cases {
            let rejection = rejection(record);
            assert_eq!(rejection.code, RejectCode::InvalidRecord, "{record}");
            assert_eq!((rejection.field.as_deref(), rejection.message.as_str()), (field, message), "{record}");
        }
    }

    #[test]
    fn broken_json_is_located() {
        let rejection = rejection("{\"id\":\"user_1\",\n\"x\": secret}");
        assert_eq!(rejection.code, RejectCode::InvalidJson);
        assert_eq!(rejection.place, Some(crate::source::Place { line: 2, offset: 21 }));
        assert!(!rejection.message.contains("secret"), "{}", rejection.message);
    }

    #[test]
    fn bytes_that_are_not_utf8_never_slip_through_a_skipped_field() {
        let rejection = parse(b"{\"id\":\"u\",\"unknown\":\"\xff\"}").expect_err("a rejection");
        assert_eq!(rejection.code, RejectCode::InvalidJson);
    }
}
