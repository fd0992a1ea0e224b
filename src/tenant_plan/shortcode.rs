//! Texts in a token template: what Clerk puts into their places.

/// The text of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateText {
    /// It stays as it is.
    Static,
    /// One shortcode and nothing else: its value, of whichever type.
    Shortcode(Operand),
    /// Several in one place: the first that is neither null nor false, else the last.
    Conditional(Vec<Operand>),
    /// Shortcodes within a text: always a text, in which a missing value reads `null`.
    Interpolated(Vec<Operand>),
}

/// What stands in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A path such as `user.public_metadata.role`.
    Path(String),
    /// A text in quotes, a number, true or false.
    Literal(String),
}

impl TemplateText {
    /// Takes a text apart.
    pub fn parse(text: &str) -> Self {
        let (mut places, mut rest, mut is_all) = (Vec::new(), text, true);
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((inner, after)) = behind.split_once("}}") else { break };
            is_all &= before.is_empty() && after.is_empty();
            places.push(operands(inner));
            rest = after;
        }
        match places.as_mut_slice() {
            [] => Self::Static,
            [place] if is_all => {
                let mut operands = std::mem::take(place);
                match operands.pop() {
                    Some(only) if operands.is_empty() => Self::Shortcode(only),
                    last => Self::Conditional(operands.into_iter().chain(last).collect()),
                }
            }
            _ => Self::Interpolated(places.into_iter().flatten().collect()),
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
        Some(literal) => Operand::Literal(literal.to_owned()),
        None if text.parse::<f64>().is_ok() || ["true", "false", "null"].contains(&text) => {
            Operand::Literal(text.to_owned())
        }
        None => Operand::Path(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let path = |text: &str| Operand::Path(text.to_owned());
        let literal = |text: &str| Operand::Literal(text.to_owned());
        for (text, expected) in [
            ("plain", TemplateText::Static),
            ("", TemplateText::Static),
            ("{{ not closed", TemplateText::Static),
            ("{{user.id}}", TemplateText::Shortcode(path("user.id"))),
            ("{{ user.public_metadata.a.b }}", TemplateText::Shortcode(path("user.public_metadata.a.b"))),
            (
                "{{user.first_name || user.username || 'a || b'}}",
                TemplateText::Conditional(vec![path("user.first_name"), path("user.username"), literal("a || b")]),
            ),
            ("{{user.x || 4}}", TemplateText::Conditional(vec![path("user.x"), literal("4")])),
            (
                "{{user.first_name}} and {{user.last_name}}",
                TemplateText::Interpolated(vec![path("user.first_name"), path("user.last_name")]),
            ),
            ("ü {{user.id}}", TemplateText::Interpolated(vec![path("user.id")])),
            ("{{user.a || 'ü'}}!", TemplateText::Interpolated(vec![path("user.a"), literal("ü")])),
            ("{{a |||| b}}", TemplateText::Conditional(vec![path("a"), path(""), path("b")])),
        ] {
            assert_eq!(TemplateText::parse(text), expected, "{text}");
        }
    }
}
