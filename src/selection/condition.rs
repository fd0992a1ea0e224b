//! `--where`: a condition on the fields of a user, a filter of JSONPath (RFC 9535).

use std::str::FromStr;

use serde_json::Value;
use serde_json_path::JsonPath;
use sha2::{Digest, Sha256};

use crate::source::hexadecimal;

/// What stands before the condition in the query. Within parentheses, no bracket in it can end the filter.
const BEFORE: &str = "$[?(";

/// A condition on the fields of a user. There is no way to write one that never ends.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    query: JsonPath,
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
    pub problem: String,
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let query = format!("{BEFORE}{text})]");
        match JsonPath::parse(&query) {
            Ok(query) => Ok(Self { text: text.to_owned(), query }),
            Err(error) => {
                // A byte, from 1; the end of the text if only what was added behind is left.
                let byte = error.position().saturating_sub(1).saturating_sub(BEFORE.len()).min(text.len());
                let column = 1 + text.char_indices().take_while(|(at, _)| *at < byte).count();
                Err(ConditionError { column, problem: problem(error.message(), text) })
            }
        }
    }
}

/// The parser's words, without the query and the position that it counts.
fn problem(message: &str, text: &str) -> String {
    let message = message.rsplit_once("at position").map_or(message, |(before, _)| before);
    let message =
        message.trim_matches(|character: char| character.is_whitespace() || matches!(character, ',' | ':' | '.'));
    if text.trim().is_empty() {
        "there is no condition".to_owned()
    } else if message.is_empty() || message.contains("parser error") {
        "this is no condition from here on".to_owned()
    } else {
        message.to_owned()
    }
}

impl Condition {
    /// Whether it holds of a user, which is an array with only the user in it.
    pub(super) fn holds(&self, user: &Value) -> bool {
        !self.query.query(user).is_empty()
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
            ("@.a == 1 and @.b == 2", 10),
            ("@.a][?@.b", 4),
            ("@.a)] | $[?(@.b", 4),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(!error.problem.contains('$') && !error.problem.contains("position"), "{text}: {error}");
        }
    }
}
