//! Texts in a token template: what Clerk puts into their places.

use serde_json::Value;

/// The text of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimText {
    /// It stays as it is.
    Static,
    /// One shortcode and nothing else: its value, of any type.
    Shortcode(Operand),
    /// Several in one place: the first that is neither null nor false, else the last.
    Conditional(Vec<Operand>),
    /// Shortcodes within a text: always a text, in which a missing value reads `null`.
    Interpolated(Vec<ClaimPiece>),
}

/// A piece of a text with shortcodes in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimPiece {
    /// Text that stays.
    Text(String),
    /// A placeholder: one operand, or several of which the first counts that is neither null nor false, else the last.
    Placeholder(Vec<Operand>),
}

/// What stands in a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A path such as `user.public_metadata.role`.
    Path(String),
    /// A text in quotes, a number, true or false.
    Literal(Value),
}

impl ClaimText {
    /// Takes a text apart.
    pub fn parse(text: &str) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), text);
        let stays = |text: &str| (!text.is_empty()).then(|| ClaimPiece::Text(text.to_owned()));
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((inner, after)) = behind.split_once("}}") else { break };
            pieces.extend(stays(before));
            pieces.push(ClaimPiece::Placeholder(operands(inner)));
            rest = after;
        }
        pieces.extend(stays(rest));
        match pieces.as_mut_slice() {
            [] | [ClaimPiece::Text(_)] => Self::Static,
            [ClaimPiece::Placeholder(operands)] => {
                let mut operands = std::mem::take(operands);
                match operands.pop() {
                    Some(only) if operands.is_empty() => Self::Shortcode(only),
                    last => Self::Conditional(operands.into_iter().chain(last).collect()),
                }
            }
            _ => Self::Interpolated(pieces),
        }
    }
}

/// What stands between `||`, which means nothing within quotes.
fn operands(inner: &str) -> Vec<Operand> {
    let (mut found, mut begin, mut quote) = (Vec::new(), 0, None);
    let bytes = inner.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'|') if bytes.get(index + 1) == Some(&b'|') && index >= begin => {
                found.push(operand(&inner[begin..index]));
                begin = index + 2;
            }
            _ => {}
        }
    }
    found.push(operand(&inner[begin.min(inner.len())..]));
    found
}

fn operand(text: &str) -> Operand {
    let text = text.trim();
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match quoted('\'').or_else(|| quoted('"')) {
        Some(literal) => Operand::Literal(literal.into()),
        None => match serde_json::from_str(text) {
            Ok(literal @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Operand::Literal(literal),
            _ => Operand::Path(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let path = |text: &str| Operand::Path(text.to_owned());
        let literal = |text: &str| Operand::Literal(text.into());
        let stays = |text: &str| ClaimPiece::Text(text.to_owned());
        let place = |text: &str| ClaimPiece::Placeholder(vec![path(text)]);
        for (text, expected) in [
            ("plain", ClaimText::Static),
            ("", ClaimText::Static),
            ("{{ not closed", ClaimText::Static),
            ("{{user.id}}", ClaimText::Shortcode(path("user.id"))),
            ("{{ user.public_metadata.a.b }}", ClaimText::Shortcode(path("user.public_metadata.a.b"))),
            (
                "{{user.first_name || user.username || 'a || b'}}",
                ClaimText::Conditional(vec![path("user.first_name"), path("user.username"), literal("a || b")]),
            ),
            ("{{user.x || 4}}", ClaimText::Conditional(vec![path("user.x"), Operand::Literal(4.into())])),
            (
                "{{user.first_name}} and {{user.last_name}}",
                ClaimText::Interpolated(vec![place("user.first_name"), stays(" and "), place("user.last_name")]),
            ),
            ("ü {{user.id}}", ClaimText::Interpolated(vec![stays("ü "), place("user.id")])),
            ("{{user.id}} {{", ClaimText::Interpolated(vec![place("user.id"), stays(" {{")])),
            (
                "{{user.a || 'ü'}}!",
                ClaimText::Interpolated(vec![ClaimPiece::Placeholder(vec![path("user.a"), literal("ü")]), stays("!")]),
            ),
            ("{{a |||| b}}", ClaimText::Conditional(vec![path("a"), path(""), path("b")])),
        ] {
            assert_eq!(ClaimText::parse(text), expected, "{text}");
        }
    }
}
