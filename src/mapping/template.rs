//! Text with Clerk's fields in it: `"{first_name} {last_name}"`.
//!
//! `{name}` is a field; `{{` and `}}` are braces. A field that is absent is left out together with the white space before
//! it, and white space at either end of the whole goes; where every field is absent there is no text at all.

use super::Rejection;
use super::field::{ClerkField, MappedUser};

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(ClerkField),
}

/// What is wrong with a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TemplateFault {
    /// A brace that belongs to nothing.
    Brace,
    /// There is no field in it.
    NoField,
    /// A list has no text.
    List,
    /// A name that is no field's, and why.
    Field(String, &'static str),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateFault> {
        let (mut pieces, mut literal) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(start) = rest.find(['{', '}']) {
            literal.push_str(&rest[..start]);
            let brace = &rest[start..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let (name, behind) =
                brace.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(TemplateFault::Brace)?;
            let field = ClerkField::parse(name).map_err(|why| TemplateFault::Field(name.to_owned(), why))?;
            if !field.is_text() {
                return Err(TemplateFault::List);
            }
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(field));
            rest = behind;
        }
        if pieces.is_empty() {
            return Err(TemplateFault::NoField);
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self { pieces })
    }

    /// The text for one user.
    pub(super) fn text(&self, source: MappedUser<'_, '_>) -> Result<Option<String>, Rejection> {
        let (mut text, mut any) = (String::new(), false);
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Field(field) => match field.text(source)? {
                    Some(value) => {
                        any = true;
                        text.push_str(&value);
                    }
                    None => text.truncate(text.trim_end().len()),
                },
            }
        }
        Ok(any.then(|| text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// The fields in it.
    pub(super) fn fields(&self) -> impl Iterator<Item = &ClerkField> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }

    /// How much of it is no field.
    pub(super) fn literal_bytes(&self) -> usize {
        let literal = |piece: &Piece| if let Piece::Text(text) = piece { text.len() } else { 0 };
        self.pieces.iter().map(literal).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::parse;
    use crate::mapping::reachable::Contacts;

    fn text(template: &str, user: &str) -> Option<String> {
        let user = parse(user.as_bytes()).expect("a user");
        let contacts = Contacts::of("a@example.com");
        let source = MappedUser { user: &user, contacts: &contacts };
        Template::parse(template).expect("a template").text(source).expect("a text")
    }

    #[test]
    fn absent_fields_leave_no_gap_and_braces_are_written_twice() {
        let ada = r#"{"first_name":"Ada","public_metadata":{"n":{"level":7},"e":"\u0041","none":null}}"#;
        for (template, expected) in [
            ("{first_name} {last_name}", Some("Ada")),
            ("{last_name} {first_name}", Some("Ada")),
            ("{first_name} {last_name} ({primary_email_address})", Some("Ada (a@example.com)")),
            ("{{{first_name}}}", Some("{Ada}")),
            ("{public_metadata.n.level}{public_metadata.e}{public_metadata.none}", Some("7A")),
            ("{last_name}, {username}", None),
        ] {
            assert_eq!(text(template, ada).as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for (template, fault) in [
            ("{first_name", TemplateFault::Brace),
            ("first_name}", TemplateFault::Brace),
            ("{{first_name}}", TemplateFault::NoField),
            ("", TemplateFault::NoField),
            ("{phone_numbers}", TemplateFault::List),
            ("{name}", TemplateFault::Field("name".to_owned(), "a Clerk user has no such field")),
        ] {
            assert_eq!(Template::parse(template), Err(fault), "{template}");
        }
    }
}
