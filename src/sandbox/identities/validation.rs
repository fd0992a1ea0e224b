//! What the target requires of an identity. It is deliberately written apart from the importer's rules.

use rusqlite::Transaction;

use super::request::IdentityFields;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::organizations;

/// Checks the fields that are present, and that the organization exists.
pub(super) fn check(transaction: &Transaction<'_>, fields: &IdentityFields<'_>) -> Result<(), ApiError> {
    check_form(fields)?;
    match fields.organization_id.as_deref() {
        Some(organization) if !organizations::exists(transaction, organization)? => {
            Err(ApiError::organization().with_field("identity.organization_id"))
        }
        _ => Ok(()),
    }
}

/// Checks a new identity, which must have an email address.
pub(super) fn check_new(transaction: &Transaction<'_>, fields: &IdentityFields<'_>) -> Result<(), ApiError> {
    has_email(fields)?;
    check(transaction, fields)
}

fn check_form(fields: &IdentityFields<'_>) -> Result<(), ApiError> {
    let wrong = |field, message: &str| Err(ApiError::field(field, message));
    if fields.email.as_deref().is_some_and(|email| !is_email(email)) {
        return wrong("identity.email", "the email address is malformed");
    }
    if fields.username.as_deref().is_some_and(|name| !is_username(name)) {
        return wrong("identity.username", "a username has 3 to 64 letters, digits, - and _");
    }
    if fields.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        return wrong("identity.phone", "a phone number is written as E.164");
    }
    if fields.external_id.as_deref().is_some_and(|id| id.is_empty() || id.chars().count() > 255) {
        return wrong("identity.external_id", "an external id has 1 to 255 characters");
    }
    for (field, name) in [("identity.first_name", &fields.first_name), ("identity.last_name", &fields.last_name)] {
        if name.as_deref().is_some_and(|name| name.chars().count() > 255) {
            return wrong(field, "a name has at most 255 characters");
        }
    }
    if fields.state.as_deref().is_some_and(|state| !matches!(state, "active" | "disabled")) {
        return wrong("identity.state", "the state is active or disabled");
    }
    for (field, object) in [("identity.traits", fields.traits), ("identity.admin_metadata", fields.admin_metadata)] {
        if object.is_some_and(|object| !object.get().starts_with('{')) {
            return wrong(field, "this must be an object");
        }
    }
    let password = fields.credentials.as_ref().and_then(|credentials| credentials.password.as_ref());
    if password.is_some_and(|password| !is_bcrypt(&password.config.hashed_password)) {
        return wrong("identity.credentials.password.config.hashed_password", "only bcrypt hashes can be imported");
    }
    Ok(())
}

fn has_email(fields: &IdentityFields<'_>) -> Result<(), ApiError> {
    match fields.email {
        Some(_) => Ok(()),
        None => Err(ApiError::field("identity.email", "an email address is required")),
    }
}

/// Whether this is an email address.
pub(in crate::sandbox) fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    email.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && !email.chars().any(|character| character.is_whitespace() || character.is_control())
}

fn is_username(name: &str) -> bool {
    (3..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_phone(phone: &str) -> bool {
    let mut characters = phone.chars();
    characters.next() == Some('+')
        && matches!(characters.next(), Some('1'..='9'))
        && characters.clone().count() <= 14
        && characters.all(|character| character.is_ascii_digit())
}

fn is_bcrypt(hash: &str) -> bool {
    let parts: Vec<&str> = hash.split('$').collect();
    let [empty, variant, cost, rest] = parts.as_slice() else { return false };
    empty.is_empty()
        && matches!(*variant, "2a" | "2b" | "2y")
        && cost.len() == 2
        && cost.parse::<u8>().is_ok_and(|cost| (4..=31).contains(&cost))
        && rest.len() == 53
        && rest.chars().all(|character| character.is_ascii_alphanumeric() || character == '.' || character == '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(identity: &str) -> Option<&'static str> {
        let fields: IdentityFields<'_> = serde_json::from_str(identity).expect("fields");
        has_email(&fields).and_then(|()| check_form(&fields)).err().map(|error| error.field.unwrap_or_default())
    }

    #[test]
    fn each_rule_names_its_field() {
        assert_eq!(
            fault(r#"{"email":"a@example.com","username":"abc","phone":"+14155551234","state":"active","traits":{}}"#),
            None
        );
        for (identity, field) in [
            (r"{}", "identity.email"),
            (r#"{"email":"nowhere"}"#, "identity.email"),
            (r#"{"email":"a@b.c","username":"a.b"}"#, "identity.username"),
            (r#"{"email":"a@b.c","phone":"0415"}"#, "identity.phone"),
            (r#"{"email":"a@b.c","state":"odd"}"#, "identity.state"),
            (r#"{"email":"a@b.c","traits":[]}"#, "identity.traits"),
            (r#"{"email":"a@b.c","admin_metadata":1}"#, "identity.admin_metadata"),
            (r#"{"email":"a@b.c","external_id":""}"#, "identity.external_id"),
            (
                r#"{"email":"a@b.c","credentials":{"password":{"config":{"hashed_password":"md5"}}}}"#,
                "identity.credentials.password.config.hashed_password",
            ),
        ] {
            assert_eq!(fault(identity), Some(field), "{identity}");
        }
    }
}
