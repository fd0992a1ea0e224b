//! What becomes of a claim: where its value is at the target.

use serde_json::{Map, Value};

use super::shortcode::{ClaimPiece, ClaimText, Operand};
use super::source::{Source, source};
use super::{Item, ItemKind, Verdict};

/// The claims of a template, each a thing of the plan. Objects are gone into; a list is one claim.
pub(super) fn claims(object: &Map<String, Value>) -> Vec<Item> {
    let mut items = Vec::new();
    collect(object, "", &mut items);
    items
}

fn collect(object: &Map<String, Value>, above: &str, items: &mut Vec<Item>) {
    for (name, value) in object {
        // A pointer (RFC 6901), so that a name with a dot in it is not taken for two names.
        let path = format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Object(inner) if !inner.is_empty() => collect(inner, &path, items),
            value => items.push(item_of(&path, value)),
        }
    }
}

/// A claim that is no object as a thing of the plan.
pub(super) fn item_of(path: &str, value: &Value) -> Item {
    let item = |verdict, why: &str| Item::new(ItemKind::Claim, path, verdict, why);
    match value {
        Value::String(text) => match ClaimText::parse(text) {
            ClaimText::Static | ClaimText::Shortcode(Operand::Literal(_)) => constant(&item),
            ClaimText::Shortcode(Operand::Path(shortcode)) => {
                let Source { field, scope, verdict, why } = source(&shortcode);
                item(verdict, why)
                    .at_target("kind", "shortcode")
                    .at_target("shortcode", shortcode)
                    .at_target("source", field.map_or(Value::Null, Value::from))
                    .at_target("scope", scope.map_or(Value::Null, Value::from))
            }
            ClaimText::Conditional(operands) => {
                let why = "A claim resolver has to take the first value that is neither null nor false, else the last.";
                of_several(item(Verdict::ToDo, why), "conditional", &operands)
            }
            ClaimText::Interpolated(pieces) => {
                let places = pieces.into_iter().filter_map(|piece| match piece {
                    ClaimPiece::Placeholder(operands) => Some(operands),
                    ClaimPiece::Text(_) => None,
                });
                let operands: Vec<Operand> = places.flatten().collect();
                let why = "A claim resolver has to put the text together; a missing value reads `null` in it.";
                of_several(item(Verdict::ToDo, why), "interpolated", &operands)
            }
        },
        Value::Array(list) if value.to_string().contains("{{") => {
            let why = "A claim resolver has to make this list: there are shortcodes in it.";
            item(Verdict::ToDo, why).at_target("kind", "list").at_target("entries", list.len())
        }
        _ => constant(&item),
    }
}

fn constant(item: &impl Fn(Verdict, &str) -> Item) -> Item {
    // The value is not written here: it is in the export, and a plan is kept where many read it.
    item(Verdict::Moved, "It is the same for everybody: a constant claim.").at_target("kind", "static")
}

fn of_several(item: Item, kind: &str, operands: &[Operand]) -> Item {
    let paths = operands.iter().filter_map(|operand| match operand {
        Operand::Path(path) => Some(path.as_str()),
        Operand::Literal(_) => None,
    });
    let sources: Vec<Value> = paths
        .map(|shortcode| {
            let field = source(shortcode).field;
            serde_json::json!({"shortcode": shortcode, "source": field})
        })
        .collect();
    item.at_target("kind", kind).at_target("sources", sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_says_where_its_value_is() {
        let object = serde_json::json!({
            "aud": "x", "n": 5, "empty": {}, "a.b": {"c/d": "{{user.public_metadata.role}}"}, "id": "{{user.id}}",
            "name": "{{user.first_name}} {{user.last_name}}", "role": "{{org_membership.role || 'none'}}",
            "list": ["a", "{{user.id}}"], "strange": "{{user.shoe_size}}", "session": "{{session.actor}}",
            "also": "{{user.public_metadatas}}",
        });
        let items = claims(object.as_object().expect("an object"));
        let found: Vec<(&str, Verdict, &Value)> =
            items.iter().map(|item| (item.id.as_str(), item.verdict, &item.target["kind"])).collect();
        let texts: Vec<String> = found.iter().map(|(id, verdict, kind)| format!("{id} {verdict:?} {kind}")).collect();
        assert_eq!(
            texts,
            [
                r#"/a.b/c~1d ToDo "shortcode""#,
                r#"/also ToDo "shortcode""#,
                r#"/aud Moved "static""#,
                r#"/empty Moved "static""#,
                r#"/id ToDo "shortcode""#,
                r#"/list ToDo "list""#,
                r#"/n Moved "static""#,
                r#"/name ToDo "interpolated""#,
                r#"/role ToDo "conditional""#,
                r#"/session CannotMove "shortcode""#,
                r#"/strange ToDo "shortcode""#,
            ]
        );
        assert_eq!(items[0].target["source"], "traits.public_metadata.role");
        assert_eq!(items[1].target["source"], Value::Null);
    }
}
