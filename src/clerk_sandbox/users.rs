//! How users come, change and go: the documented methods that write.

use rusqlite::Transaction;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::failed_call::FailedCall;
use super::kind::Kind;
use super::object::ApiObject;
use super::record::Record;
use super::store;

/// The three members that only the methods of their own change once a user is there.
const METADATA: [&str; 3] = ["public_metadata", "private_metadata", "unsafe_metadata"];

/// `POST /users`
pub(super) fn create(transaction: &Transaction<'_>, body: &[u8]) -> Result<Vec<u8>, FailedCall> {
    let body = parse(body)?;
    let now = now();
    let id = format!("user_{}", unique());
    let mut user = blank(&id, now)?;
    for (name, value) in body.members() {
        if METADATA.contains(&name) {
            expect(ApiObject::parse(value.get()).is_some(), name, "an object")?;
            user.set(name, value.to_owned());
        } else if !set_contacts(&mut user, &body, name, value, now)? {
            set(&mut user, name, value, true)?;
        }
    }
    put(transaction, &user)
}

/// `PATCH /users/{id}`
pub(super) fn update(transaction: &Transaction<'_>, id: &str, body: &[u8]) -> Result<Vec<u8>, FailedCall> {
    let body = parse(body)?;
    change(transaction, id, |user| body.members().try_for_each(|(name, value)| set(user, name, value, false)))
}

/// `PATCH /users/{id}/metadata`, which merges, and `PUT`, which replaces.
pub(super) fn metadata(
    transaction: &Transaction<'_>,
    id: &str,
    body: &[u8],
    merges: bool,
) -> Result<Vec<u8>, FailedCall> {
    let body = parse(body)?;
    change(transaction, id, |user| {
        for (name, value) in body.members() {
            if !METADATA.contains(&name) {
                return Err(FailedCall::unknown_parameter(name));
            }
            let new = ApiObject::parse(value.get());
            let new = new.ok_or_else(|| FailedCall::invalid_value(name, "It has to be an object."))?;
            let mut old = user.get(name).and_then(|old| ApiObject::parse(old.get())).unwrap_or_default();
            if merges {
                old.merge(&new);
                user.set(name, old.raw());
            } else {
                user.set(name, value.to_owned());
            }
        }
        Ok(())
    })
}

/// `POST /users/{id}/ban`, `unban`, `lock` and `unlock`.
pub(super) fn set_flag(transaction: &Transaction<'_>, id: &str, flag: &str, to: bool) -> Result<Vec<u8>, FailedCall> {
    change(transaction, id, |user| {
        user.set(flag, raw(&to)?);
        Ok(())
    })
}

/// `DELETE /users/{id}`
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<Vec<u8>, FailedCall> {
    store::delete(transaction, Kind::Users, id)?;
    Ok(json!({"object": "user", "id": id, "deleted": true}).to_string().into_bytes())
}

fn change(
    transaction: &Transaction<'_>,
    id: &str,
    change: impl FnOnce(&mut ApiObject) -> Result<(), FailedCall>,
) -> Result<Vec<u8>, FailedCall> {
    let text = store::find(transaction, Kind::Users, id)?;
    let mut user = ApiObject::parse(&text).ok_or_else(|| FailedCall::internal(500, "the record is no object"))?;
    change(&mut user)?;
    user.set("updated_at", raw(&now())?);
    put(transaction, &user)
}

fn put(transaction: &Transaction<'_>, user: &ApiObject) -> Result<Vec<u8>, FailedCall> {
    let text = user.to_string();
    let record =
        Record::of(Kind::Users, text.as_bytes()).map_err(|fault| FailedCall::internal(500, fault.to_string()))?;
    store::put(transaction, Kind::Users, &record)?;
    Ok(text.into_bytes())
}

fn parse(body: &[u8]) -> Result<ApiObject, FailedCall> {
    let text = std::str::from_utf8(body).ok();
    text.and_then(ApiObject::parse).ok_or_else(|| FailedCall::body("The body has to be a JSON object."))
}

/// Sets a member of a user by a parameter that both methods have, or that only creating one has.
fn set(user: &mut ApiObject, name: &str, value: &RawValue, creates: bool) -> Result<(), FailedCall> {
    let text = value.get();
    let is_null = text == "null";
    let is_text = text.starts_with('"');
    match name {
        "external_id"
        | "first_name"
        | "last_name"
        | "locale"
        | "primary_email_address_id"
        | "primary_phone_number_id"
        | "primary_web3_wallet_id"
            if !(creates && name.starts_with("primary")) =>
        {
            expect(is_null || is_text, name, "a text or null")?;
            user.set(name, value.to_owned());
        }
        "username" => {
            expect(is_null || is_text, name, "a text or null")?;
            let is_removed = text == "\"\"";
            user.set(name, if is_removed { raw(&())? } else { value.to_owned() });
        }
        "delete_self_enabled" | "create_organization_enabled" | "bypass_client_trust" => {
            set_boolean(user, name, value)?;
        }
        "banned" | "locked" if creates => set_boolean(user, name, value)?,
        "create_organizations_limit" => {
            expect(is_null || text.parse::<i64>().is_ok(), name, "a whole number or null")?;
            user.set(name, value.to_owned());
        }
        "created_at" | "legal_accepted_at" if !is_null => {
            let moment = serde_json::from_str::<String>(text).ok().and_then(|text| text.parse().ok());
            let moment: jiff::Timestamp =
                moment.ok_or_else(|| FailedCall::invalid_value(name, "It has to be a moment as in RFC 3339."))?;
            user.set(name, raw(&moment.as_millisecond())?);
        }
        "password" | "password_digest" if !is_null => {
            user.set("password_enabled", raw(&true)?);
            user.set("password_last_updated_at", raw(&now())?);
        }
        "totp_secret" if !is_null => {
            for flag in ["totp_enabled", "two_factor_enabled"] {
                user.set(flag, raw(&true)?);
            }
        }
        "backup_codes" => user.set("backup_code_enabled", raw(&(text != "[]" && !is_null))?),
        // They have no effect on what is read back here.
        "created_at"
        | "legal_accepted_at"
        | "password"
        | "password_digest"
        | "password_hasher"
        | "totp_secret"
        | "skip_password_checks"
        | "skip_legal_checks" => {}
        "skip_password_requirement" | "skip_user_requirement" if creates => {}
        "profile_image_id" | "notify_primary_email_address_changed" | "sign_out_of_other_sessions" if !creates => {}
        _ => return Err(FailedCall::unknown_parameter(name)),
    }
    Ok(())
}

fn set_boolean(user: &mut ApiObject, name: &str, value: &RawValue) -> Result<(), FailedCall> {
    match value.get() {
        "null" => {}
        "true" | "false" => user.set(name, value.to_owned()),
        _ => return expect(false, name, "true, false or null"),
    }
    Ok(())
}

/// Sets the addresses, numbers or wallets of a new user; false if the parameter is about something else.
fn set_contacts(
    user: &mut ApiObject,
    body: &ApiObject,
    name: &str,
    value: &RawValue,
    now: i64,
) -> Result<bool, FailedCall> {
    let (list, object, primary) = match name {
        "email_address" => ("email_addresses", "email_address", "primary_email_address_id"),
        "phone_number" => ("phone_numbers", "phone_number", "primary_phone_number_id"),
        "web3_wallet" => ("web3_wallets", "web3_wallet", "primary_web3_wallet_id"),
        // Read with what they are about.
        "email_address_identification_status" | "phone_number_identification_status" => return Ok(true),
        _ => return Ok(false),
    };
    let texts = |value: &RawValue, name: &str| -> Result<Vec<String>, FailedCall> {
        serde_json::from_str(value.get()).map_err(|_| FailedCall::invalid_value(name, "It has to be a list of texts."))
    };
    let values = texts(value, name)?;
    let states_name = format!("{name}_identification_status");
    let states = body.get(&states_name).map(|states| texts(states, &states_name)).transpose()?.unwrap_or_default();
    let mut entries = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let is_reserved = states.get(index).is_some_and(|state| state == "reserved");
        let verified = json!({"object": "verification_admin", "status": "verified", "strategy": "admin", "attempts": null, "expire_at": null});
        let mut entry = json!({
            "id": format!("idn_{}", unique()), "object": object, object: value,
            "verification": if is_reserved { json!(null) } else { verified }, "created_at": now, "updated_at": now,
        });
        match object {
            "email_address" => entry["matches_sso_connection"] = json!(false),
            "phone_number" => {
                entry["reserved_for_second_factor"] = json!(false);
                entry["default_second_factor"] = json!(false);
                entry["backup_codes"] = json!(null);
            }
            _ => {}
        }
        if object != "web3_wallet" {
            entry["reserved"] = json!(is_reserved);
            entry["linked_to"] = json!([]);
        }
        entries.push(entry);
    }
    if let Some(first) = entries.first() {
        user.set(primary, raw(&first["id"])?);
    }
    user.set(list, raw(&entries)?);
    Ok(true)
}

/// A user of whom nothing is known yet, with every member that the document requires.
fn blank(id: &str, now: i64) -> Result<ApiObject, FailedCall> {
    let image = format!("https://img.example.com/{id}.png");
    let user = json!({
        "id": id, "object": "user", "username": null, "first_name": null, "last_name": null, "locale": null,
        "image_url": image, "has_image": false, "primary_email_address_id": null, "primary_phone_number_id": null,
        "primary_web3_wallet_id": null, "password_enabled": false, "two_factor_enabled": false, "totp_enabled": false,
        "backup_code_enabled": false, "email_addresses": [], "phone_numbers": [], "web3_wallets": [], "passkeys": [],
        "external_accounts": [], "saml_accounts": [], "enterprise_accounts": [], "public_metadata": {},
        "private_metadata": {}, "unsafe_metadata": {}, "external_id": null, "last_sign_in_at": null, "banned": false,
        "locked": false, "lockout_expires_in_seconds": null, "verification_attempts_remaining": 100,
        "created_at": now, "updated_at": now, "delete_self_enabled": true, "create_organization_enabled": true,
        "last_active_at": null, "mfa_enabled_at": null, "mfa_disabled_at": null, "legal_accepted_at": null,
        "bypass_client_trust": false,
    });
    ApiObject::parse(&user.to_string()).ok_or_else(|| FailedCall::internal(500, "no object"))
}

fn expect(is_met: bool, name: &str, what: &str) -> Result<(), FailedCall> {
    if is_met { Ok(()) } else { Err(FailedCall::invalid_value(name, format!("It has to be {what}."))) }
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, FailedCall> {
    to_raw_value(value).map_err(|error| FailedCall::internal(500, format!("no JSON: {error}")))
}

/// What makes an id like no other, as long as Clerk's are, and later ones greater.
fn unique() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string();
    id[..27].to_owned()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
