//! The identity schema: one that fits what is sent, and what is wrong with one that is there.

use serde_json::{Value, json};

use super::KratosOptions;
use crate::mapping::{MetadataTarget, Rules};

/// An identity schema that takes what these rules make of users.
pub fn identity_schema(rules: &Rules, options: &KratosOptions) -> Value {
    let mut traits = identifiers(rules, options);
    let text = |title: &str| json!({ "title": title, "type": "string" });
    let contacts =
        |title: &str| json!({ "title": title, "type": "array", "items": { "$ref": "#/definitions/contact" } });
    for (name, title, rule) in
        [("first_name", "First name", &rules.traits.first_name), ("last_name", "Last name", &rules.traits.last_name)]
    {
        if rule.is_some() {
            traits.insert(name.to_owned(), text(title));
        }
    }
    if rules.traits.phone {
        let phone = json!({
            "title": "Phone", "type": "string", "format": "tel",
            "ory.sh/kratos": { "verification": { "via": "sms" } },
        });
        traits.insert("phone".to_owned(), phone);
    }
    traits.insert("locale".to_owned(), text("Locale"));
    for (name, title, is_sent) in [
        ("email_addresses", "Email addresses", rules.traits.email_addresses),
        ("phone_numbers", "Phone numbers", rules.traits.phone_numbers),
    ] {
        if is_sent {
            traits.insert(name.to_owned(), contacts(title));
        }
    }
    for name in other_traits(rules) {
        traits.insert(name.to_owned(), json!({}));
    }
    json!({
        "$id": "https://schemas.example.com/clerk.json",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A user who came from Clerk",
        "type": "object",
        "properties": { "traits": { "type": "object", "properties": traits, "required": ["email"] } },
        "definitions": {
            "contact": {
                "type": "object",
                "properties": {
                    "value": { "type": "string" }, "verified": { "type": "boolean" }, "primary": { "type": "boolean" },
                },
                "required": ["value"],
            },
        },
    })
}

/// The traits by which users are found, or sign in.
fn identifiers(rules: &Rules, options: &KratosOptions) -> serde_json::Map<String, Value> {
    let mut traits = serde_json::Map::new();
    traits.insert(
        "email".to_owned(),
        json!({
            "title": "Email", "type": "string", "format": "email", "maxLength": 320,
            "ory.sh/kratos": {
                "credentials": { "password": { "identifier": true }, "code": { "identifier": true, "via": "email" } },
                "verification": { "via": "email" },
                "recovery": { "via": "email" },
            },
        }),
    );
    // An identifier of a method that is off: unique, and to be found by, and nobody signs in with it.
    if let Some(key) = options.key.trait_name() {
        traits.insert(
            key.to_owned(),
            json!({
                "title": "The key of the import", "type": "string", "minLength": 1, "maxLength": 255,
                "ory.sh/kratos": { "credentials": { "webauthn": { "identifier": true } } },
            }),
        );
    }
    if rules.traits.username.is_some() {
        traits.insert(
            "username".to_owned(),
            json!({
                "title": "Username", "type": "string",
                "ory.sh/kratos": { "credentials": { "password": { "identifier": true } } },
            }),
        );
    }
    traits
}

/// The traits that have names of the mapping's.
fn other_traits(rules: &Rules) -> Vec<&str> {
    let mut names: Vec<&str> = rules.traits.others.iter().map(|(name, _)| name.as_str()).collect();
    if let MetadataTarget::Traits(name) = &rules.metadata.public {
        names.push(name);
    }
    match &rules.metadata.unsafe_ {
        MetadataTarget::Usual => names.push("unsafe_metadata"),
        MetadataTarget::Traits(name) => names.push(name),
        _ => {}
    }
    names
}

/// What is wrong with a schema for what these rules make of users, in sentences that say what to change.
pub(super) fn faults(schema: &Value, rules: &Rules, options: &KratosOptions) -> Vec<String> {
    let traits = &schema["properties"]["traits"];
    let mut faults: Vec<String> = options.key.trait_name().map(|key| faults_of_key(traits, key)).unwrap_or_default();
    let phone = &traits["properties"]["phone"];
    if rules.traits.phone && phone["ory.sh/kratos"]["verification"].is_object() && phone["format"] != "tel" {
        faults.push(
            "its trait `phone` has no `\"format\": \"tel\"`, without which Kratos refuses every user with a phone"
                .to_owned(),
        );
    }
    if traits["additionalProperties"] == false {
        let wanted = identity_schema(rules, options);
        let wanted = wanted["properties"]["traits"]["properties"].as_object();
        let missing = wanted.into_iter().flatten().map(|(name, _)| name.as_str());
        let missing: Vec<&str> = missing.filter(|name| traits["properties"].get(name).is_none()).collect();
        if !missing.is_empty() {
            let names = missing.join("`, `");
            faults.push(format!(
                "it takes no other traits than its own, and has no place for `{names}`: add them, or leave them out with a \
                 mapping file"
            ));
        }
    }
    faults
}

/// What is wrong with the trait that users are known by.
fn faults_of_key(traits: &Value, key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let methods = traits["properties"][key]["ory.sh/kratos"]["credentials"].as_object();
    let is_identifier = methods.is_some_and(|methods| methods.values().any(|method| method["identifier"] == true));
    if !is_identifier {
        faults.push(format!(
            "it has no trait `{key}` that is an identifier, by which users are known: add it as --print-kratos-schema shows \
             it, or name another one with --kratos-key trait:NAME"
        ));
    }
    if methods.is_some_and(|methods| methods.get("password").is_some_and(|method| method["identifier"] == true)) {
        faults.push(format!(
            "with the trait `{key}` users could sign in with a password: mark it as an identifier of `webauthn` instead of \
             `password`"
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_schema_has_no_fault_and_each_fault_is_found() {
        let (rules, options) = (Rules::default(), KratosOptions::default());
        let schema = identity_schema(&rules, &options);
        assert_eq!(faults(&schema, &rules, &options), Vec::<String>::new());
        let spoiled = |path: &str, value: Value| {
            let mut schema = schema.clone();
            *schema.pointer_mut(path).unwrap() = value;
            faults(&schema, &rules, &options).join(" ")
        };
        let traits = "/properties/traits";
        assert!(spoiled(&format!("{traits}/properties/external_id"), json!({})).contains("`external_id`"));
        assert!(spoiled(&format!("{traits}/properties/phone/format"), json!("phone")).contains("tel"));
        let password = json!({ "password": { "identifier": true } });
        let path = format!("{traits}/properties/external_id/ory.sh~1kratos/credentials");
        assert!(spoiled(&path, password).contains("webauthn"));
        let closed =
            json!({ "additionalProperties": false, "properties": schema["properties"]["traits"]["properties"] });
        assert_eq!(spoiled(traits, closed.clone()), "");
        let mut without = closed;
        without["properties"].as_object_mut().unwrap().remove("locale");
        assert!(spoiled(traits, without).contains("`locale`"));
    }
}
