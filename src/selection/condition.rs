//! `--where`: a condition on the fields of a user, a filter of JSONPath (RFC 9535).

use std::str::FromStr;

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use pest::error::InputLocation;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// What stands before the condition in the query. Within parentheses, no bracket in it can end the filter.
const BEFORE: &str = "$[?(";

/// Up to here the place of an error is looked for, in bytes: each place costs a parse.
const LONGEST_SEARCH: usize = 1_000;

/// A condition on the fields of a user. There is no way to write one that never ends.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    query: JpQuery,
}

/// What is wrong with a condition.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "character {column}: {problem}. A field begins with `@.`, and a text has quotes: @.public_metadata.plan == 'pro' && \
     @.banned != true; `avnology help pilot` says more"
)]
pub struct ConditionError {
    /// Where it is wrong: which character, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let query = format!("{BEFORE}{text})]");
        let wrong = |byte: usize, problem| {
            let byte = byte.saturating_sub(BEFORE.len());
            ConditionError { column: 1 + text.char_indices().take_while(|(at, _)| *at < byte).count(), problem }
        };
        match parse_json_path(&query) {
            Ok(query) if is_one_filter(&query) => Ok(Self { text: text.to_owned(), query }),
            Err(JsonPathError::PestError(error)) => {
                let (InputLocation::Pos(byte) | InputLocation::Span((byte, _))) = error.location;
                match behind_condition(text).map(|behind| BEFORE.len() + behind).filter(|behind| *behind > byte) {
                    Some(behind) => Err(wrong(behind, "expected && or || behind a condition")),
                    None => Err(wrong(byte, problem(&error.variant.message()))),
                }
            }
            Ok(_) | Err(_) => Err(wrong(0, "this is more than one condition, or one that is too deep")),
        }
    }
}

/// Whether nothing ends the filter in the middle of the text and begins another one.
fn is_one_filter(query: &JpQuery) -> bool {
    matches!(query.segments.as_slice(), [Segment::Selector(Selector::Filter(_))])
}

/// Where the longest condition ends that a wrong one begins with. The parser does not look that far.
fn behind_condition(text: &str) -> Option<usize> {
    let is_condition = |text: &str| parse_json_path(&format!("{BEFORE}{text})]")).is_ok();
    let mut ends = text.char_indices().map(|(at, _)| at).filter(|at| *at <= LONGEST_SEARCH).rev();
    ends.find(|end| is_condition(&text[..*end]))
}

/// The parser names what it expects by the names of its grammar.
fn problem(expected: &str) -> &'static str {
    if expected.contains("comp_op") {
        "expected a comparison: ==, !=, <, <=, > or >="
    } else if expected.contains("comparable") {
        "expected a field, a number, true, false, null, or a text in quotes"
    } else if expected.contains("atom_expr") {
        "expected a condition"
    } else {
        "this cannot be part of a condition"
    }
}

impl Condition {
    /// Whether it holds of a user, which is an array with only the user in it.
    pub(super) fn holds(&self, user: &Value) -> bool {
        js_path_process(&self.query, user).is_ok_and(|found| !found.is_empty())
    }

    /// SHA-256 of its text, in hexadecimal.
    pub fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str, user: &str) -> bool {
        let user: Value = serde_json::from_str(user).unwrap();
        condition.parse::<Condition>().unwrap().holds(&Value::Array(vec![user]))
    }

    #[test]
    fn conditions_are_those_of_the_standard() {
        let user = r#"{"id":"u","banned":false,"created_at":1700000000000,"public_metadata":{"plan":"pro","a b":[1,2]},
            "email_addresses":[{"email_address":"ada@example.com"},{"email_address":"a@b.example"}],"phone":null}"#;
        for condition in [
            "@.public_metadata.plan == 'pro'",
            r#"@.public_metadata.plan=="pro" && @.banned != true"#,
            "@.created_at >= 1600000000000",
            "@.banned == true || @.public_metadata['a b'][1] == 2",
            "@.email_addresses[?search(@.email_address, '@b[.]example$')]",
            "count(@.email_addresses[*]) == 2",
            "!@.username",
            "@.phone == null",
            "match(@.id, '[a-z]')",
        ] {
            assert!(holds(condition, user), "{condition}");
            assert!(!holds(&format!("!({condition})"), user), "{condition}");
        }
    }

    #[test]
    fn a_wrong_one_is_refused_with_its_place() {
        for (text, column) in [
            ("", 1),
            ("banned == true", 1),
            ("@.banned = true", 10),
            ("@.ä == 'x' && @.b == ", 22),
            ("@.a == 'x", 8),
            ("@.a == pro", 8),
            ("@.id == 'a' and @.banned", 13),
            ("@.a == 1 and @.b == 2", 10),
            ("foo(@.a) == 1", 1),
            ("'a'", 4),
            ("@.a][?@.b", 4),
            ("@.a)] | $[?(@.b", 7),
            ("@.a)][?(@.b", 1),
            ("@.a), ?(@.b", 1),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }
}
