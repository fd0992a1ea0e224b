//! Passwords and social sign-ins: what the target can take over, and what is left behind.

use std::borrow::Cow;

use super::identity::{Credentials, SocialProvider};
use super::portable_hash::portable;
use super::syntax::is_bcrypt;
use super::text::non_empty;
use super::{Notice, Notices, PasswordRules, Rules};
use crate::clerk::{Presence, User};

/// Maps how the user signs in.
pub(super) fn credentials<'a>(user: &'a User<'_>, rules: &Rules, notices: &mut Notices) -> Credentials<'a> {
    let credentials =
        Credentials { hashed_password: password(user, &rules.passwords, notices), providers: providers(user, notices) };
    left_behind(user, rules, notices);
    credentials
}

/// The digest, if it is bcrypt, which every target verifies, or one that the rules say the target verifies, in the target's form.
fn password<'a>(user: &'a User<'_>, rules: &PasswordRules, notices: &mut Notices) -> Option<Cow<'a, str>> {
    let Some(digest) = non_empty(user.password_digest.as_deref()) else {
        notices.add_if(user.password_enabled == Some(true), Notice::PasswordMissing);
        return None;
    };
    // `bcrypt_peppered` and `bcrypt_sha256_django` are not bcrypt: their names have to match as a whole.
    if let Some(hasher) = non_empty(user.password_hasher.as_deref()).filter(|hasher| *hasher != "bcrypt") {
        return match portable(hasher, digest, rules) {
            Ok(hash) => Some(Cow::Owned(hash)),
            Err(why) => {
                notices.add(why);
                None
            }
        };
    }
    if !is_bcrypt(digest) {
        notices.add(Notice::PasswordMalformed);
        return None;
    }
    Some(Cow::Borrowed(digest))
}

/// Verified social sign-ins. An unverified link could be to somebody else's account, so it never moves.
fn providers<'a>(user: &'a User<'_>, notices: &mut Notices) -> Vec<SocialProvider<'a>> {
    let mut providers = Vec::new();
    for account in user.external_accounts.iter().flatten() {
        let provider = non_empty(account.provider.as_deref());
        match (provider, non_empty(account.subject())) {
            _ if !account.is_verified() => notices.add(Notice::ExternalAccountUnverified),
            (Some(provider), Some(subject)) => {
                providers
                    .push(SocialProvider { provider: provider.strip_prefix("oauth_").unwrap_or(provider), subject });
            }
            _ => notices.add(Notice::ExternalAccountIncomplete),
        }
    }
    providers
}

fn left_behind(user: &User<'_>, rules: &Rules, notices: &mut Notices) {
    let any = |flag: Option<bool>| flag == Some(true);
    let totp = any(user.totp_enabled) || user.totp_secret.is_some_and(|secret| secret.present);
    notices.add_if(totp, Notice::Totp);
    let of_numbers = user.phone_numbers.iter().flat_map(|numbers| numbers.iter());
    let codes = of_numbers.map(|number| number.backup_codes).chain([user.backup_codes]).flatten();
    let has_codes = codes.into_iter().any(|codes| codes.present);
    notices.add_if(has_codes || any(user.backup_code_enabled) || any(user.backup_codes_enabled), Notice::BackupCodes);
    let raw = user.raw.as_ref();
    let is_present = |presence: Option<Presence>| presence.is_some_and(|presence| presence.present);
    notices
        .add_if(has_items(user.passkeys.as_deref()) || is_present(raw.and_then(|raw| raw.passkeys)), Notice::Passkeys);
    notices.add_if(has_items(user.web3_wallets.as_deref()), Notice::Web3Wallets);
    let enterprise = has_items(user.saml_accounts.as_deref()) || has_items(user.enterprise_accounts.as_deref());
    notices.add_if(enterprise || is_present(raw.and_then(|raw| raw.enterprise_accounts)), Notice::EnterpriseAccounts);
    let memberships = user.organization_memberships.filter(|list| list.is_present());
    notices.add_if(memberships.is_some() && !rules.memberships_move, Notice::OrganizationMemberships);
    let in_part = memberships.is_some_and(|list| rules.memberships_move && !list.is_whole());
    notices.add_if(in_part, Notice::MembershipsIncomplete);
    let second_factor = user.phone_numbers.iter().flatten().any(|phone| any(phone.reserved_for_second_factor));
    notices.add_if(second_factor, Notice::SecondFactorPhone);
    notices.add_if(any(user.has_image), Notice::ProfileImage);
}

fn has_items<T>(items: Option<&[T]>) -> bool {
    items.is_some_and(|items| !items.is_empty())
}
