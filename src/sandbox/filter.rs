//! The filter of the list method: `column = "value"` joined by `AND`.

use super::api_error::ApiError;
use super::email_key::email_key;

/// Columns that can be filtered by.
const COLUMNS: &[&str] = &["external_id", "email", "username", "state", "phone", "organization_id"];

/// A condition on one column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Condition {
    name: &'static str,
    value: String,
}

impl Condition {
    /// The column to compare.
    pub(super) fn column(&self) -> &'static str {
        if self.name == "email" { "email_key" } else { self.name }
    }

    /// The value that the column must have.
    pub(super) fn value(self) -> String {
        if self.name == "email" { email_key(&self.value) } else { self.value }
    }
}

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Vec<Condition>, ApiError> {
    let wrong = || ApiError::validation("the filter is malformed; expected field = \"value\" joined by AND");
    let mut conditions = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let name = COLUMNS.iter().copied().find(|column| *column == name.trim()).ok_or_else(wrong)?;
        let (value, after) = quoted(after.trim_start()).ok_or_else(wrong)?;
        conditions.push(Condition { name, value });
        rest = after.trim_start();
        if rest.is_empty() {
            return Ok(conditions);
        }
        rest = rest.strip_prefix("AND ").ok_or_else(wrong)?.trim_start();
    }
}

/// A text in double quotes, with `\"` and `\\` inside, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.strip_prefix('"')?.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return text.get(index + 2..).map(|rest| (value, rest)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let condition = |name, value: &str| Condition { name, value: value.to_owned() };
        assert_eq!(parse(r#"external_id = "user_1""#).unwrap(), [condition("external_id", "user_1")]);
        assert_eq!(
            parse(r#" state="active"  AND email = "a\"b\\c = AND é" "#).unwrap(),
            [condition("state", "active"), condition("email", "a\"b\\c = AND é")]
        );
        for bad in [
            "",
            "state",
            "state = active",
            "state = \"active",
            "odd = \"x\"",
            "state = \"a\" OR email = \"b\"",
            "state = \"a\" AND",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
