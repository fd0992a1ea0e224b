//! One user, from Clerk's shape to the target's.

use super::credentials::credentials;
use super::identity::{AdminMetadata, ClerkOrigin, MigrationIdentity, State};
use super::limits::EXTERNAL_ID_CHARACTERS;
use super::reachable::Contacts;
use super::syntax::is_locale;
use super::text::{at_most, non_empty, time};
use super::traits::{Bags, traits};
use super::{Address, Notice, Notices, RejectCode, Rejection, Rules};
use crate::clerk::{Time, User};

/// A user that moves.
#[derive(Clone)]
pub struct Mapped<'a> {
    /// What is sent.
    pub identity: MigrationIdentity<'a>,
    /// What an administrator has to know.
    pub notices: Notices,
}

/// Maps and validates one user.
pub fn map<'a>(user: &'a User<'_>, rules: &'a Rules) -> Result<Mapped<'a>, Rejection> {
    let id = non_empty(user.id.as_deref());
    if user.deleted == Some(true) {
        return Err(Rejection::of_field(RejectCode::DeletedUser, "deleted", "the user was deleted at Clerk"));
    }
    let id = id.ok_or_else(|| Rejection::of_field(RejectCode::MissingId, "id", "the user has no id"))?;
    let external_id = non_empty(user.external_id.as_deref()).unwrap_or(id);
    at_most(EXTERNAL_ID_CHARACTERS, "external_id", external_id)?;
    let mut notices = Notices::default();
    let contacts = Contacts::map(user, id, rules, &mut notices)?;
    let email_verified = primary_is_verified(&contacts.email_addresses);
    let phone_verified = primary_is_verified(&contacts.phone_numbers);
    let (email_claim, phone_claim) = (contacts.email_claim, contacts.phone_claim);
    let locale = non_empty(user.locale.as_deref()).filter(|locale| {
        let is_valid = is_locale(locale);
        notices.add_if(!is_valid, Notice::LocaleInvalid);
        is_valid
    });
    notices.add_if(user.unknown_fields > 0, Notice::UnknownFields);
    let in_seconds = |time: Option<Time>| time.is_some_and(|time| time.in_seconds);
    notices.add_if(in_seconds(user.created_at) || in_seconds(user.legal_accepted_at), Notice::TimeInSeconds);
    let disabled_because = disabled_because(user);
    let mut bags = Bags::of(user, &rules.metadata, &mut notices);
    let (private_metadata, further_members) = (bags.private_metadata, std::mem::take(&mut bags.in_admin_metadata));
    let identity = MigrationIdentity {
        external_id,
        state: if disabled_because.is_some() { State::Disabled } else { State::Active },
        traits: traits(user, contacts, bags, rules, &mut notices)?,
        credentials: credentials(user, rules, &mut notices),
        admin_metadata: AdminMetadata {
            private_metadata,
            clerk: ClerkOrigin {
                id,
                created_at: time("created_at", user.created_at)?,
                legal_accepted_at: time("legal_accepted_at", user.legal_accepted_at)?,
                disabled_because,
                organizations: Vec::new(),
            },
            further_members,
        },
        locale,
        organization_id: rules.organization.as_deref(),
        email_verified,
        phone_verified,
        email_claim,
        phone_claim,
    };
    if let Some(schema) = &rules.traits_schema {
        schema.check(&identity.traits)?;
    }
    Ok(Mapped { identity, notices })
}

fn primary_is_verified(addresses: &[Address<'_>]) -> bool {
    addresses.iter().any(|address| address.primary && address.verified)
}

/// A user who may not sign in at Clerk may not sign in at the target; an administrator decides about the rest there.
fn disabled_because(user: &User<'_>) -> Option<&'static str> {
    [(user.banned, "banned"), (user.locked, "locked"), (user.deprovisioned, "deprovisioned")]
        .into_iter()
        .find_map(|(flag, reason)| (flag == Some(true)).then_some(reason))
}
