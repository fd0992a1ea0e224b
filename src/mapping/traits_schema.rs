//! A JSON Schema of the target's traits, and what of a user's traits does not match it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::identity::Traits;
use super::{RejectCode, Rejection};

/// A compiled JSON Schema. It is whole: it refers to no other document, and checking it reads nothing.
#[derive(Clone)]
pub struct TraitsSchema(Arc<Compiled>);

struct Compiled {
    document: Value,
    validator: Validator,
    /// Names of properties in the schema, which are no personal data.
    names: HashSet<String>,
}

/// Why a schema cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraitsSchemaError {
    /// It is no JSON.
    #[error("line {line}, column {column}: this is not JSON")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is no schema.
    #[error("at `{place}`: this is no JSON Schema: the value breaks the rule `{rule}`")]
    Schema {
        /// A JSON pointer.
        place: String,
        /// The keyword of the meta schema.
        rule: String,
    },
    /// It refers to something that is not in it.
    #[error(
        "at `{place}`: this refers to what is not in this document; nothing is read from elsewhere, so put it under `$defs` \
         and refer to it as `#/$defs/…`"
    )]
    Reference {
        /// A JSON pointer.
        place: String,
    },
}

impl TraitsSchema {
    /// Compiles a schema; the draft is the one that `$schema` names, else 2020-12.
    pub fn parse(text: &str) -> Result<Self, TraitsSchemaError> {
        let document: Value = serde_json::from_str(text)
            .map_err(|error| TraitsSchemaError::Json { line: error.line(), column: error.column() })?;
        check_references(&document)?;
        let validator = jsonschema::options()
            .offline()
            // Linear in the length of the text, with any pattern and any text.
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .build(&document)
            .map_err(|error| match error.kind() {
                ValidationErrorKind::Referencing(_) => {
                    TraitsSchemaError::Reference { place: pointer(error.instance_path()) }
                }
                kind => {
                    TraitsSchemaError::Schema { place: pointer(error.instance_path()), rule: kind.keyword().to_owned() }
                }
            })?;
        let mut names = HashSet::new();
        collect_names(&document, &mut names);
        Ok(Self(Arc::new(Compiled { document, validator, names })))
    }

    /// Checks the traits of a user; the first violation is returned, without a value.
    pub(super) fn check(&self, traits: &Traits<'_>) -> Result<(), Rejection> {
        let Compiled { validator, names, .. } = &*self.0;
        let Ok(traits) = serde_json::to_value(traits) else {
            let message =
                "the traits are nested too deeply, or hold a number too large, to be checked against the schema";
            return Err(Rejection::of_field(RejectCode::TraitsSchema, "traits", message));
        };
        let Err(error) = validator.validate(&traits) else { return Ok(()) };
        let mut field = "traits".to_owned();
        for segment in error.instance_path() {
            match segment {
                LocationSegment::Property(name) if names.contains(name.as_ref()) => {
                    field.push('.');
                    field.push_str(&name);
                }
                LocationSegment::Index(index) => {
                    field.push('[');
                    field.push_str(&index.to_string());
                    field.push(']');
                }
                // A name that only the record knows can be anybody's.
                LocationSegment::Property(_) => field.push_str(".*"),
            }
        }
        let rule = pointer(error.schema_path());
        let message = match error.kind() {
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                format!("{field} has no `{property}`, which the traits schema requires")
            }
            ValidationErrorKind::Type { .. } => format!("{field} has a type that the traits schema forbids (`{rule}`)"),
            _ => format!("{field} breaks a rule of the traits schema (`{rule}`)"),
        };
        Err(Rejection::of_field(RejectCode::TraitsSchema, &field, message))
    }
}

impl PartialEq for TraitsSchema {
    fn eq(&self, other: &Self) -> bool {
        self.0.document == other.0.document
    }
}

impl fmt::Debug for TraitsSchema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TraitsSchema").finish_non_exhaustive()
    }
}

/// As a JSON pointer, the root of which is named as such.
fn pointer(location: &Location) -> String {
    match location.as_str() {
        "" => "/".to_owned(),
        pointer => pointer.to_owned(),
    }
}

/// Keywords whose values are data and no schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// Refuses references to other documents before anything tries to follow them.
fn check_references(document: &Value) -> Result<(), TraitsSchemaError> {
    each_object(document, &mut String::new(), &mut |place, object| {
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if object.get(keyword).and_then(Value::as_str).is_some_and(|target| !target.starts_with('#')) {
                return Err(TraitsSchemaError::Reference { place: format!("{place}/{keyword}") });
            }
        }
        Ok(())
    })
}

fn collect_names(document: &Value, names: &mut HashSet<String>) {
    let collected: Result<(), std::convert::Infallible> =
        each_object(document, &mut String::new(), &mut |_, object| {
            if let Some(Value::Object(properties)) = object.get("properties") {
                names.extend(properties.keys().cloned());
            }
            Ok(())
        });
    let Ok(()) = collected;
}

/// Visits every object that may be a schema, with the JSON pointer to it. JSON that was parsed is not nested deeply.
fn each_object<E>(
    value: &Value,
    place: &mut String,
    visit: &mut impl FnMut(&str, &serde_json::Map<String, Value>) -> Result<(), E>,
) -> Result<(), E> {
    let length = place.len();
    match value {
        Value::Object(object) => {
            visit(place, object)?;
            for (name, value) in object.iter().filter(|(name, _)| !DATA.contains(&name.as_str())) {
                place.push('/');
                place.push_str(&name.replace('~', "~0").replace('/', "~1"));
                each_object(value, place, visit)?;
                place.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                place.push('/');
                place.push_str(&index.to_string());
                each_object(value, place, visit)?;
                place.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_is_of_no_use_is_refused_and_the_place_is_told() {
        for (schema, problem) in [
            ("{\n  \"type\": object}", "line 2, column 11: this is not JSON"),
            (r#"{"type":"objekt"}"#, "at `/type`: this is no JSON Schema: the value breaks the rule `anyOf`"),
            (
                r#"{"properties":{"plan":{"pattern":"("}}}"#,
                "at `/properties/plan/pattern`: this is no JSON Schema: the value breaks the rule `format`",
            ),
            (
                r#"{"properties":{"plan":{"$ref":"https://example.com/plan.json"}}}"#,
                "at `/properties/plan/$ref`: this refers to what is not in this document; nothing is read from elsewhere, so \
                 put it under `$defs` and refer to it as `#/$defs/…`",
            ),
        ] {
            let error = TraitsSchema::parse(schema).expect_err(schema).to_string();
            assert_eq!(error, problem, "{schema}");
        }
        for elsewhere in ["plan.json", "file:///etc/passwd", "#/$defs/none"] {
            let schema = format!(r#"{{"properties":{{"plan":{{"$ref":"{elsewhere}"}}}}}}"#);
            let error = TraitsSchema::parse(&schema).expect_err(elsewhere);
            assert!(matches!(error, TraitsSchemaError::Reference { .. }), "{elsewhere}: {error}");
        }
        // Data is no schema.
        assert!(TraitsSchema::parse(r#"{"const":{"$ref":"https://example.com"}}"#).is_ok());
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        for schema in [
            r##"{"$ref":"#"}"##,
            r##"{"allOf":[{"$ref":"#"}]}"##,
            r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
        ] {
            let schema = TraitsSchema::parse(schema).expect("a schema");
            assert!(schema.0.validator.is_valid(&serde_json::json!({"a": 1})));
        }
    }
}
