//! Clerk's user.

use serde_json::value::RawValue;

use super::Time;
use super::contact::{EmailAddress, PhoneNumber};
use super::external_account::ExternalAccount;
use super::few::Few;
use super::membership_list::MembershipList;
use super::object::clerk_object;
use super::presence::{Presence, Secret};
use super::text::Text;

clerk_object! {
    /// A user: of the Backend API, of the sample of the migration seed, or of an export that adds password digests; or a
    /// flat user, as Clerk's migration tool and the Dashboard's CSV write it, whose addresses and numbers are plain texts.
    ///
    /// Metadata is kept as the exact bytes of the export.
    pub struct User<'de> {
        /// `user_…`.
        id: Text<'de>,
        /// Set on what remains of a deleted user.
        deleted: bool,
        /// The id that Clerk's customer gave the user.
        external_id: Text<'de>,
        /// Unique within the instance.
        username: Text<'de>,
        /// Given name.
        first_name: Text<'de>,
        /// Family name.
        last_name: Text<'de>,
        /// BCP 47.
        locale: Text<'de>,
        /// Names one of `email_addresses`.
        primary_email_address_id: Text<'de>,
        /// Names one of `phone_numbers`.
        primary_phone_number_id: Text<'de>,
        /// Flat users have it; it may be one of `email_addresses`, or one more.
        primary_email_address: Text<'de>,
        /// Flat users have it; it may be one of `phone_numbers`, or one more.
        primary_phone_number: Text<'de>,
        /// Flat users have it.
        verified_email_addresses: Few<Text<'de>>,
        /// Flat users have it.
        unverified_email_addresses: Few<Text<'de>>,
        /// Flat users have it.
        verified_phone_numbers: Few<Text<'de>>,
        /// Flat users have it.
        unverified_phone_numbers: Few<Text<'de>>,
        /// Whether the user uploaded a picture.
        has_image: bool,
        /// The front end can read it; the back end writes it.
        public_metadata: &'de RawValue,
        /// Only the back end can read it.
        private_metadata: &'de RawValue,
        /// The front end writes it.
        unsafe_metadata: &'de RawValue,
        /// All email addresses.
        email_addresses: Few<EmailAddress<'de>>,
        /// All phone numbers.
        phone_numbers: Few<PhoneNumber<'de>>,
        /// Cannot move.
        web3_wallets: Vec<serde::de::IgnoredAny>,
        /// Cannot move.
        passkeys: Vec<serde::de::IgnoredAny>,
        /// Sign-ins through other providers.
        external_accounts: Few<ExternalAccount<'de>>,
        /// Cannot move: somebody has to set up the connection behind them at the target.
        saml_accounts: Vec<serde::de::IgnoredAny>,
        /// Cannot move. They replace `saml_accounts`.
        enterprise_accounts: Vec<serde::de::IgnoredAny>,
        /// Whether the user has a password, even if the export does not hold it.
        password_enabled: bool,
        /// The password hash, in exports that hold it.
        password_digest: Text<'de>,
        /// The algorithm of the hash; absent means bcrypt.
        password_hasher: Text<'de>,
        /// Whether the user has an authenticator app.
        totp_enabled: bool,
        /// The secret of the authenticator app, in exports that hold it. Only its presence matters.
        totp_secret: Secret,
        /// Whether the user has backup codes.
        backup_code_enabled: bool,
        /// `backup_code_enabled` under the name that exports of Clerk's support use.
        backup_codes_enabled: bool,
        /// The backup codes, in exports that hold them. Only their presence matters.
        backup_codes: Presence,
        /// An administrator forbade the user to sign in.
        banned: bool,
        /// The user is locked out after too many attempts.
        locked: bool,
        /// The directory (SCIM) removed the user.
        deprovisioned: bool,
        /// When the user was created.
        created_at: Time,
        /// When the user agreed to the terms.
        legal_accepted_at: Time,
        /// They move beside the user, if at all.
        organization_memberships: MembershipList<'de>,
        /// What the SDK prints beside a user: the user as the Backend API has it.
        raw as "_raw": Raw<'de>,
    }
    expecting "a user object";
    also known [
        "object", "primary_web3_wallet_id", "profile_image_url", "image_url",
        "two_factor_enabled", "delete_self_enabled", "create_organization_enabled", "bypass_client_trust",
        "mfa_enabled_at", "mfa_disabled_at", "password_last_updated_at", "last_sign_in_at",
        "lockout_expires_in_seconds", "verification_attempts_remaining", "updated_at", "create_organizations_limit",
        "last_active_at", "scim"
    ];
    count unknown in unknown_fields;
}

/// The fields of the Backend API's user that the SDK has no name for, or that some of its versions have none for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, expecting = "a user object")]
pub struct Raw<'a> {
    /// As in [`User`].
    pub banned: Option<bool>,
    /// As in [`User`].
    pub locked: Option<bool>,
    /// As in [`User`].
    pub deprovisioned: Option<bool>,
    /// As in [`User`].
    #[serde(borrow)]
    pub locale: Option<Text<'a>>,
    /// As in [`User`].
    pub passkeys: Option<Presence>,
    /// As in [`User`].
    pub enterprise_accounts: Option<Presence>,
    /// As in [`User`].
    #[serde(borrow)]
    pub organization_memberships: Option<MembershipList<'a>>,
}

impl User<'_> {
    /// Takes over what moves and stands in `_raw` alone. Who may not sign in by either of both may not sign in.
    pub(crate) fn take_over_raw(&mut self) {
        let Some(raw) = &mut self.raw else { return };
        for (flag, in_raw) in [
            (&mut self.banned, raw.banned),
            (&mut self.locked, raw.locked),
            (&mut self.deprovisioned, raw.deprovisioned),
        ] {
            *flag = (*flag).max(in_raw);
        }
        if self.locale.is_none() {
            self.locale = raw.locale.take();
        }
        self.organization_memberships =
            MembershipList::of_both(self.organization_memberships, raw.organization_memberships);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<User<'_>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn null_absent_and_unknown_fields_are_all_fine() {
        let user = parse(r#"{"id":"user_1","username":null,"email_addresses":null,"new":{"a":[1]},"x":2}"#).unwrap();
        assert_eq!(user.id.as_deref(), Some("user_1"));
        assert!(user.username.is_none() && user.email_addresses.is_none() && user.banned.is_none());
        assert_eq!(user.unknown_fields, 2);
    }

    #[test]
    fn metadata_is_kept_to_the_byte() {
        let metadata = r#"{ "n":12345678901234567890123 ,"f":1e400,"s":"\u00e9","a":1,"a":2 }"#;
        let text = format!(r#"{{"id":"u","public_metadata":{metadata}}}"#);
        assert_eq!(parse(&text).unwrap().public_metadata.unwrap().get(), metadata);
    }

    #[test]
    fn a_flat_user_has_plain_texts_in_arrays_or_with_bars_between_them() {
        let text = r#"{"email_addresses":["a@x.org","b@x.org"],"verified_email_addresses":" a@x.org |b\u0040x.org|",
            "phone_numbers":"+15550100|+15550101","unverified_phone_numbers":""}"#;
        let user = parse(text).unwrap();
        let addresses: Vec<_> =
            user.email_addresses.iter().flatten().map(|email| &**email.email_address.as_ref().unwrap()).collect();
        let verified: Vec<_> = user.verified_email_addresses.iter().flatten().map(|email| &**email).collect();
        assert_eq!((addresses, verified), (vec!["a@x.org", "b@x.org"], vec!["a@x.org", "b@x.org"]));
        assert_eq!(user.phone_numbers.unwrap().len(), 2);
        assert!(user.unverified_phone_numbers.unwrap().is_empty());
    }

    #[test]
    fn an_error_names_the_field() {
        let error = parse(r#"{"id":"u","email_addresses":[{"verified":"yes"}]}"#).unwrap_err();
        assert!(error.starts_with("email_addresses: verified: invalid type"), "{error}");
    }

    #[test]
    fn the_names_of_the_sdk_are_known_too() {
        let text = r#"{"id":"u","firstName":"Ada","passwordEnabled":true,"createOrganizationsLimit":1,"somethingNew":1,
            "primaryWeb3WalletId":null,"emailAddresses":[{"id":"i","emailAddress":"a@x.org","linkedTo":[]}],
            "externalAccounts":[{"provider":"oauth_google","externalId":"1078"}],"_raw":{"passkeys":[{}]}}"#;
        let user = parse(text).unwrap();
        assert_eq!(
            (user.first_name.as_deref(), user.password_enabled, user.unknown_fields),
            (Some("Ada"), Some(true), 1)
        );
        assert_eq!(user.email_addresses.unwrap()[0].email_address.as_deref(), Some("a@x.org"));
        assert_eq!(user.external_accounts.unwrap()[0].subject(), Some("1078"));
        assert!(user.raw.unwrap().passkeys.unwrap().present);
        let twice = parse(r#"{"first_name":"Ada","firstName":"Bob"}"#).unwrap_err();
        assert!(twice.starts_with("duplicate field `first_name`"), "{twice}");
        for other in ["FirstName", "first-Name", "first_Name", "firstname"] {
            let user = format!("{{\"{other}\":1}}");
            assert_eq!(parse(&user).unwrap().unknown_fields, 1, "{other}");
        }
    }
}
