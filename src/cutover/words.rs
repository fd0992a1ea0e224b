//! What a person writes to a fact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest text, in characters.
const LONGEST: usize = 2_000;

/// What is in secrets, wherever they stand.
const IN_SECRETS: [&str; 6] = ["sk_live_", "sk_test_", "ak_live_", "ak_test_", "whsec_", "PRIVATE KEY"];

/// What a person writes: a name or a note. It stands in the report, so it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(String);

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err("expected a text".to_owned());
        }
        if text.chars().count() > LONGEST {
            return Err(format!(
                "it is longer than {LONGEST} characters; put it into a file, and name that with --evidence"
            ));
        }
        if text.chars().any(|character| character.is_control() && character != '\n') {
            return Err("it has control characters".to_owned());
        }
        if IN_SECRETS.iter().any(|part| text.contains(part)) {
            return Err("a secret seems to be in it, and the report would show it".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_a_control_character_or_nothing_is_refused() {
        for wrong in ["", "  ", "the key is sk_live_abc", "whsec_1", "a\u{1b}[2Jb", &"x".repeat(2_001)] {
            assert!(wrong.parse::<Words>().is_err(), "{wrong}");
        }
        assert_eq!(" Go, with Ana.\n".parse::<Words>().map(|words| words.to_string()), Ok("Go, with Ana.".to_owned()));
    }
}
