//! What Clerk makes of a claim of a template, for one user: what a claim resolver has to reproduce.

use serde_json::Value;

use super::shortcode::{ClaimPiece, ClaimText, Operand};

/// It depends on the session in which the token is asked for, so that no record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OfSession;

/// The value of a claim, where `value_of` gives that of a shortcode. A missing value is null.
pub(super) fn evaluate(claim: &Value, value_of: &dyn Fn(&str) -> Result<Value, OfSession>) -> Result<Value, OfSession> {
    let inner = |claim: &Value| evaluate(claim, value_of);
    match claim {
        Value::String(text) => match ClaimText::parse(text) {
            ClaimText::Static => Ok(claim.clone()),
            ClaimText::Shortcode(operand) => value(&operand, value_of),
            ClaimText::Conditional(operands) => first_of(&operands, value_of),
            ClaimText::Interpolated(pieces) => {
                let texts = pieces.iter().map(|piece| match piece {
                    ClaimPiece::Text(text) => Ok(text.clone()),
                    ClaimPiece::Placeholder(operands) => first_of(operands, value_of).map(as_text),
                });
                texts.collect::<Result<String, _>>().map(Value::String)
            }
        },
        Value::Array(entries) => entries.iter().map(inner).collect::<Result<_, _>>().map(Value::Array),
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| inner(member).map(|value| (name.clone(), value)));
            members.collect::<Result<_, _>>().map(Value::Object)
        }
        _ => Ok(claim.clone()),
    }
}

/// The first that is neither null nor false, else the last.
fn first_of(operands: &[Operand], value_of: &dyn Fn(&str) -> Result<Value, OfSession>) -> Result<Value, OfSession> {
    let mut found = Value::Null;
    for operand in operands {
        found = value(operand, value_of)?;
        if !matches!(found, Value::Null | Value::Bool(false)) {
            break;
        }
    }
    Ok(found)
}

fn value(operand: &Operand, value_of: &dyn Fn(&str) -> Result<Value, OfSession>) -> Result<Value, OfSession> {
    match operand {
        Operand::Path(path) => value_of(path),
        Operand::Literal(literal) => Ok(literal.clone()),
    }
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_what_clerk_documents() {
        let value_of = |path: &str| match path {
            "user.first_name" => Ok(json!("Ada")),
            "user.public_metadata.n" => Ok(json!(5)),
            "user.public_metadata.o" => Ok(json!({"a": [1]})),
            "user.public_metadata.no" => Ok(json!(false)),
            "org.id" => Err(OfSession),
            _ => Ok(Value::Null),
        };
        for (claim, expected) in [
            (json!("plain"), json!("plain")),
            (json!(7), json!(7)),
            (json!("{{user.public_metadata.n}}"), json!(5)),
            (json!("{{user.public_metadata.o}}"), json!({"a": [1]})),
            (json!("{{user.shoe_size}}"), json!(null)),
            (json!("{{user.first_name}} and {{user.last_name}}"), json!("Ada and null")),
            (json!("n={{user.public_metadata.n}}"), json!("n=5")),
            (json!("{{user.last_name || user.first_name || 'x'}}"), json!("Ada")),
            (json!("{{user.last_name || user.public_metadata.no || 'x'}}"), json!("x")),
            (json!("{{user.last_name || 4}}"), json!(4)),
            (json!("{{user.last_name || user.public_metadata.no}}"), json!(false)),
            (json!("{{user.first_name || org.id}}"), json!("Ada")),
            (json!("Hi {{user.last_name || 'you'}}!"), json!("Hi you!")),
            (json!(["a", "{{user.first_name}}", {"b": "{{user.public_metadata.n}}"}]), json!(["a", "Ada", {"b": 5}])),
        ] {
            assert_eq!(evaluate(&claim, &value_of), Ok(expected), "{claim}");
        }
        for claim in [json!("{{org.id}}"), json!("{{user.last_name || org.id}}"), json!(["{{org.id}}"])] {
            assert_eq!(evaluate(&claim, &value_of), Err(OfSession), "{claim}");
        }
    }
}
