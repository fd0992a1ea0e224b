//! One user, from Clerk's shape to the target's.

use super::contacts::{emails, filled, phones};
use super::credentials::credentials;
use super::identity::{AdminMetadata, MigrationIdentity, Origin, State, Traits};
use super::limits::{EXTERNAL_ID_CHARACTERS, NAME_CHARACTERS};
use super::syntax::{is_locale, is_username};
use super::{Notice, Notices, RejectCode, Rejection, Rules};
use crate::clerk::User;

/// A user that moves.
#[derive(Clone)]
pub struct Mapped<'a> {
    /// What is sent.
    pub identity: MigrationIdentity<'a>,
    /// What an administrator has to know.
    pub notices: Notices,
}

/// Maps and validates one user.
pub fn map<'a>(user: &'a User<'_>, rules: &Rules) -> Result<Mapped<'a>, Rejection> {
    let id = filled(user.id.as_deref());
    if user.deleted == Some(true) {
        return Err(Rejection::of_field(RejectCode::DeletedUser, "deleted", "the user was deleted at Clerk"));
    }
    let id = id.ok_or_else(|| Rejection::of_field(RejectCode::MissingId, "id", "the user has no id"))?;
    let external_id = filled(user.external_id.as_deref()).unwrap_or(id);
    at_most(EXTERNAL_ID_CHARACTERS, "external_id", external_id)?;
    let mut notices = Notices::default();
    let (email, email_addresses) = emails(user, id, rules, &mut notices)?;
    let (phone, phone_numbers) = phones(user, &mut notices);
    let locale = filled(user.locale.as_deref()).filter(|locale| {
        notices.add_if(!is_locale(locale), Notice::LocaleInvalid);
        is_locale(locale)
    });
    notices.add_if(user.unknown_fields > 0, Notice::UnknownFields);
    let disabled_because = disabled_because(user);
    let identity = MigrationIdentity {
        external_id,
        state: if disabled_because.is_some() { State::Disabled } else { State::Active },
        traits: Traits {
            email,
            username: username(user)?,
            first_name: name("first_name", user.first_name.as_deref())?,
            last_name: name("last_name", user.last_name.as_deref())?,
            phone,
            email_addresses,
            phone_numbers,
            public_metadata: user.public_metadata,
            unsafe_metadata: user.unsafe_metadata,
        },
        credentials: credentials(user, &mut notices),
        admin_metadata: AdminMetadata {
            private_metadata: user.private_metadata,
            clerk: Origin {
                id,
                created_at: time("created_at", user.created_at)?,
                legal_accepted_at: time("legal_accepted_at", user.legal_accepted_at)?,
                disabled_because,
            },
        },
        locale,
    };
    Ok(Mapped { identity, notices })
}

/// Whoever may not sign in at Clerk may not sign in at the target; an administrator decides about the rest there.
fn disabled_because(user: &User<'_>) -> Option<&'static str> {
    [(user.banned, "banned"), (user.locked, "locked"), (user.deprovisioned, "deprovisioned")]
        .into_iter()
        .find_map(|(flag, reason)| (flag == Some(true)).then_some(reason))
}

fn username<'a>(user: &'a User<'_>) -> Result<Option<&'a str>, Rejection> {
    let username = filled(user.username.as_deref());
    match username {
        Some(username) if !is_username(username) => Err(Rejection::of_field(
            RejectCode::InvalidUsername,
            "username",
            "the target takes 3 to 64 of the letters a to z, digits, `-` and `_`",
        )),
        _ => Ok(username),
    }
}

fn name<'a>(field: &str, name: Option<&'a str>) -> Result<Option<&'a str>, Rejection> {
    let name = filled(name);
    name.map_or(Ok(()), |name| at_most(NAME_CHARACTERS, field, name))?;
    Ok(name)
}

fn at_most(limit: usize, field: &str, text: &str) -> Result<(), Rejection> {
    // Bytes are never fewer than characters: the count is needed for long texts only.
    if text.len() > limit && text.chars().count() > limit {
        let message = format!("{field} is longer than {limit} characters");
        return Err(Rejection::of_field(RejectCode::FieldTooLong, field, message));
    }
    Ok(())
}

/// Unix milliseconds as RFC 3339.
fn time(field: &str, milliseconds: Option<i64>) -> Result<Option<String>, Rejection> {
    let Some(milliseconds) = milliseconds else { return Ok(None) };
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(milliseconds) else {
        let message = format!("{field} is not a time in Unix milliseconds");
        return Err(Rejection::of_field(RejectCode::InvalidRecord, field, message));
    };
    Ok(Some(timestamp.to_string()))
}
