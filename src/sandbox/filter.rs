//! The filter of the list method: `column = "value"` joined by `AND`.

use super::api_error::ApiError;

/// Reads a filter by some of these columns: columns and the values that they must have.
pub(super) fn parse(text: &str, columns: &[&'static str]) -> Result<Vec<(&'static str, String)>, ApiError> {
    let wrong = || ApiError::validation("the filter is malformed; expected field = \"value\" joined by AND");
    let mut conditions = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Ok(conditions);
    }
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let column = columns.iter().copied().find(|column| *column == name.trim()).ok_or_else(wrong)?;
        let (value, after) = quoted(after.trim_start()).ok_or_else(wrong)?;
        conditions.push((column, value));
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
        let parse = |text| parse(text, &["external_id", "state", "email"]);
        let condition = |name, value: &str| (name, value.to_owned());
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse(r#"external_id = "user_1""#).unwrap(), [condition("external_id", "user_1")]);
        assert_eq!(
            parse(r#" state="active"  AND email = "a\"b\\c = AND é" "#).unwrap(),
            [condition("state", "active"), condition("email", "a\"b\\c = AND é")]
        );
        for bad in [
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
