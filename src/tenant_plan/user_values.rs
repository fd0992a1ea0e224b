//! What shortcodes stand for, of one user: at Clerk, and at the target.

use serde_json::Value;

use super::evaluate::OfSession;
use super::source::source;

/// The value of a shortcode for a user of Clerk, by the user's record.
pub(super) fn value_at_clerk(user: &Value, shortcode: &str) -> Result<Value, OfSession> {
    if is_of_session(shortcode) {
        return Err(OfSession);
    }
    let Some(name) = shortcode.strip_prefix("user.") else { return Ok(Value::Null) };
    Ok(match name {
        "id" | "external_id" | "first_name" | "last_name" | "username" | "image_url" | "has_image" | "created_at"
        | "updated_at" => member(user, name),
        "full_name" => full_name(user),
        "primary_email_address" => member(primary(user, "email_address"), "email_address"),
        "email_verified" => is_verified(primary(user, "email_address")),
        "primary_phone_number" | "primary_phone_address" => member(primary(user, "phone_number"), "phone_number"),
        "phone_number_verified" => is_verified(primary(user, "phone_number")),
        name if ["public_metadata", "unsafe_metadata"].contains(&name.split('.').next().unwrap_or(name)) => {
            at(user, name)
        }
        // Clerk gives null for what it does not know.
        _ => Value::Null,
    })
}

/// The value of a shortcode for an identity of the target, as it is sent to it: where [`source`] says that it is.
pub(super) fn value_at_target(identity: &Value, shortcode: &str) -> Result<Value, OfSession> {
    if is_of_session(shortcode) {
        return Err(OfSession);
    }
    Ok(match (shortcode, source(shortcode).field) {
        ("user.full_name", _) => full_name(identity),
        ("user.external_id", _) if at(identity, "external_id") == at(identity, "admin_metadata.clerk.id") => {
            Value::Null
        }
        (_, Some(field)) => at(identity, &field),
        (_, None) => Value::Null,
    })
}

fn is_of_session(shortcode: &str) -> bool {
    // Which organizations a user has is in the memberships; which of them counts is of the session.
    let of_session = ["session.", "org.", "org_membership."];
    shortcode == "user.organizations" || of_session.iter().any(|prefix| shortcode.starts_with(prefix))
}

fn member(object: &Value, name: &str) -> Value {
    object.get(name).cloned().unwrap_or_default()
}

/// What is at a path of names with dots between.
fn at(object: &Value, path: &str) -> Value {
    let found = path.split('.').try_fold(object, |object, name| object.as_object()?.get(name));
    found.cloned().unwrap_or_default()
}

fn full_name(object: &Value) -> Value {
    let names = ["first_name", "last_name"].map(|name| object.get(name).and_then(Value::as_str));
    let names: Vec<&str> = names.into_iter().flatten().filter(|name| !name.is_empty()).collect();
    if names.is_empty() { Value::Null } else { names.join(" ").into() }
}

/// The address or number that is the user's first one.
fn primary<'a>(user: &'a Value, what: &str) -> &'a Value {
    let id = &user[format!("primary_{what}_id")];
    let list = user[if what == "email_address" { "email_addresses" } else { "phone_numbers" }].as_array();
    list.into_iter().flatten().find(|entry| entry["id"] == *id).unwrap_or(&Value::Null)
}

fn is_verified(contact: &Value) -> Value {
    (contact["verification"]["status"] == "verified").into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shortcode_stands_for_what_is_in_the_record_and_in_the_identity() {
        let user = json!({
            "id": "user_1", "external_id": null, "first_name": "Ada", "last_name": null, "created_at": 5,
            "primary_email_address_id": "b", "email_addresses": [
                {"id": "a", "email_address": "old@example.com", "verification": {"status": "verified"}},
                {"id": "b", "email_address": "ada@example.com", "verification": {"status": "unverified"}}],
            "public_metadata": {"a": {"b": [1]}}, "private_metadata": {"secret": 1},
        });
        let identity = json!({
            "external_id": "user_1", "first_name": "Ada", "email": "ada@example.com", "email_verified": false,
            "traits": {"public_metadata": {"a": {"b": [1]}}}, "admin_metadata": {"clerk": {"id": "user_1", "created_at": "then"}},
        });
        for (shortcode, old, new) in [
            ("user.id", json!("user_1"), json!("user_1")),
            ("user.external_id", json!(null), json!(null)),
            ("user.full_name", json!("Ada"), json!("Ada")),
            ("user.primary_email_address", json!("ada@example.com"), json!("ada@example.com")),
            ("user.email_verified", json!(false), json!(false)),
            ("user.primary_phone_number", json!(null), json!(null)),
            ("user.created_at", json!(5), json!("then")),
            ("user.public_metadata.a.b", json!([1]), json!([1])),
            ("user.public_metadata.a.x.y", json!(null), json!(null)),
            ("user.private_metadata.secret", json!(null), json!(null)),
            ("user.shoe_size", json!(null), json!(null)),
        ] {
            assert_eq!(value_at_clerk(&user, shortcode), Ok(old), "{shortcode}");
            assert_eq!(value_at_target(&identity, shortcode), Ok(new), "{shortcode}");
        }
        let mut with_id = identity;
        with_id["external_id"] = json!("emp-1");
        assert_eq!(value_at_target(&with_id, "user.external_id"), Ok(json!("emp-1")));
        assert_eq!(value_at_target(&with_id, "user.id"), Ok(json!("user_1")));
        assert_eq!(value_at_clerk(&user, "org.role"), Err(OfSession));
    }
}
