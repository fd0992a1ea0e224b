//! package.json, with the places of its entries. JSON is JavaScript, so the same parser reads it.

use oxc_allocator::Allocator;
use oxc_ast::ast::{Expression, ObjectExpression, ObjectPropertyKind};
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::ancestors::range;
use super::facts::Range;
use super::json_facts::{JsonEntry, JsonSection, PackageJson};

/// What a package.json says; nothing if it is no object.
pub fn read_package_json(text: &str) -> Option<PackageJson> {
    // The text has to be JSON first: JavaScript is more than that.
    serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}')).ok()?;
    let allocator = Allocator::default();
    let expression = Parser::new(&allocator, text, SourceType::mjs()).parse_expression().ok()?;
    let Expression::ObjectExpression(object) = expression else { return None };
    let mut package = PackageJson::default();
    for (key, value, _) in entries(&object) {
        match (key.as_str(), value) {
            ("name", Expression::StringLiteral(name)) => package.name = Some(name.value.to_string()),
            (key, Expression::ObjectExpression(section)) => {
                package.has_workspaces |= key == "workspaces";
                let Range { start, end } = range(section.span);
                let entries = entries(section).map(|(key, value, range)| JsonEntry {
                    key,
                    range,
                    value: match value {
                        Expression::StringLiteral(text) => Some(text.value.to_string()),
                        _ => None,
                    },
                });
                let inner = Range { start: start + 1, end: end - 1 };
                package.sections.push(JsonSection { name: key.to_owned(), inner, entries: entries.collect() });
            }
            ("workspaces", _) => package.has_workspaces = true,
            _ => {}
        }
    }
    Some(package)
}

fn entries<'o, 'a>(object: &'o ObjectExpression<'a>) -> impl Iterator<Item = (String, &'o Expression<'a>, Range)> {
    object.properties.iter().filter_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => {
            Some((property.key.static_name()?.to_string(), &property.value, range(property.span)))
        }
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_their_places() {
        let text =
            "{\n  \"name\": \"web\",\n  \"dependencies\": { \"a\": \"1\", \"b\": {} },\n  \"workspaces\": []\n}\n";
        let package = read_package_json(text).expect("a package");
        assert_eq!((package.name.as_deref(), package.has_workspaces), (Some("web"), true));
        let [section] = package.sections.as_slice() else { panic!("one section") };
        let entries: Vec<&str> = section.entries.iter().map(|entry| entry.range.of(text)).collect();
        assert_eq!(entries, ["\"a\": \"1\"", "\"b\": {}"]);
        assert!(read_package_json("{ a: 1 }").is_none(), "no JSON");
        assert!(read_package_json("[]").is_none());
    }
}
