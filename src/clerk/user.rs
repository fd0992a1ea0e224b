//! Clerk's user and the objects inside it.

use serde_json::value::RawValue;

use super::Time;
use super::object::{Few, Text, at_field, clerk_object};

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
        /// The same as `backup_code_enabled`, under the name that exports of Clerk's support use.
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
        /// Cannot move with the user. Only their presence matters.
        organization_memberships: Presence,
        /// What the SDK prints beside a user: the user as the Backend API has it.
        raw as "_raw": Raw,
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

clerk_object! {
    /// One email address of a user.
    pub struct EmailAddress<'de> {
        /// `idn_…`.
        id: Text<'de>,
        /// The address.
        email_address: Text<'de>,
        /// What the API says about how the address was verified.
        verification: Verification<'de>,
        /// The plain flag of the migration seed, in place of `verification`.
        verified: bool,
    }
    expecting "an email address object";
    also known [];
    a text is its email_address;
}

/// The columns of the Dashboard's CSV.
pub const COLUMNS: [&str; 13] = [
    "id",
    "first_name",
    "last_name",
    "username",
    "primary_email_address",
    "primary_phone_number",
    "verified_email_addresses",
    "unverified_email_addresses",
    "verified_phone_numbers",
    "unverified_phone_numbers",
    "totp_secret",
    "password_digest",
    "password_hasher",
];

impl<'de> User<'de> {
    /// The user of a row of the Dashboard's CSV, from the names of its columns and its cells. An empty cell means an absent
    /// field.
    pub fn of_cells<E: serde::de::Error>(cells: impl Iterator<Item = (&'de str, &'de str)>) -> Result<Self, E> {
        let mut user = Self::default();
        for (column, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            let list = || Few::split(cell).map_err(|error| at_field(column, &error));
            let text = Some(cell.into());
            match column {
                "id" => user.id = text,
                "first_name" => user.first_name = text,
                "last_name" => user.last_name = text,
                "username" => user.username = text,
                "primary_email_address" => user.primary_email_address = text,
                "primary_phone_number" => user.primary_phone_number = text,
                "verified_email_addresses" => user.verified_email_addresses = Some(list()?),
                "unverified_email_addresses" => user.unverified_email_addresses = Some(list()?),
                "verified_phone_numbers" => user.verified_phone_numbers = Some(list()?),
                "unverified_phone_numbers" => user.unverified_phone_numbers = Some(list()?),
                "totp_secret" => user.totp_secret = Some(Secret { present: true }),
                "password_digest" => user.password_digest = text,
                "password_hasher" => user.password_hasher = text,
                _ => user.unknown_fields += 1,
            }
        }
        Ok(user)
    }
}

impl EmailAddress<'_> {
    /// Whether the user has proved that the address is theirs; `None` for a plain text, which does not say.
    pub fn is_verified(&self) -> Option<bool> {
        let says = self.id.is_some() || self.verification.is_some() || self.verified.is_some();
        says.then(|| is_verified(self.verification.as_ref(), self.verified))
    }
}

clerk_object! {
    /// One phone number of a user.
    pub struct PhoneNumber<'de> {
        /// `idn_…`.
        id: Text<'de>,
        /// E.164.
        phone_number: Text<'de>,
        /// Whether it receives codes as a second factor.
        reserved_for_second_factor: bool,
        /// Backup codes for the number. Only their presence matters.
        backup_codes: Presence,
        /// What the API says about how the number was verified.
        verification: Verification<'de>,
        /// The plain flag of the migration seed, in place of `verification`.
        verified: bool,
    }
    expecting "a phone number object";
    also known [];
    a text is its phone_number;
}

impl PhoneNumber<'_> {
    /// Whether the user has proved that the number is theirs; `None` for a plain text, which does not say.
    pub fn is_verified(&self) -> Option<bool> {
        let says = self.id.is_some() || self.verification.is_some() || self.verified.is_some();
        says.then(|| is_verified(self.verification.as_ref(), self.verified))
    }
}

clerk_object! {
    /// A sign-in through another provider.
    pub struct ExternalAccount<'de> {
        /// The provider's name, such as `oauth_google`.
        provider: Text<'de>,
        /// The user's id at the provider: the subject of its tokens.
        provider_user_id: Text<'de>,
        /// The user's id at the provider, under the name that the SDK uses.
        external_id as "externalId": Text<'de>,
        /// Whether the user completed the link.
        verification: Verification<'de>,
    }
    expecting "an external account object";
    also known [];
}

impl ExternalAccount<'_> {
    /// The user's id at the provider.
    pub fn subject(&self) -> Option<&str> {
        self.provider_user_id.as_deref().or(self.external_id.as_deref())
    }

    /// Whether the user proved that the account is theirs. An unfinished link must never become a way to sign in.
    pub fn is_verified(&self) -> bool {
        is_verified(self.verification.as_ref(), None)
    }
}

/// The fields of the Backend API's user that the SDK has no name for. None of them can move.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(default, expecting = "a user object")]
pub struct Raw {
    /// As in [`User`].
    pub passkeys: Option<Presence>,
    /// As in [`User`].
    pub enterprise_accounts: Option<Presence>,
    /// As in [`User`].
    pub organization_memberships: Option<Presence>,
}

clerk_object! {
    /// How something was verified.
    pub struct Verification<'de> {
        /// `unverified`, `verified`, `failed`, `expired` or `transferable`.
        status: Text<'de>,
    }
    expecting "a verification object";
    also known [];
}

/// The API's verification counts if there is one; the plain flag counts only without it.
fn is_verified(verification: Option<&Verification<'_>>, flag: Option<bool>) -> bool {
    match verification {
        Some(verification) => verification.status.as_deref() == Some("verified"),
        None => flag == Some(true),
    }
}

/// A secret string. Only its presence is kept.
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// Whether the string is not empty.
    pub present: bool,
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self { present: !text.is_empty() })
    }
}

/// A list, an object or a text that is never kept, only whether it has anything in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Whether there is anything in it.
    pub present: bool,
}

impl<'de> serde::Deserialize<'de> for Presence {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        let is_empty = |inside: &str| inside.trim_ascii().is_empty();
        let empty = [("[", "]"), ("\"", "\""), ("{", "}")].iter().any(|(open, close)| {
            json.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(is_empty)
        });
        Ok(Self { present: !empty && json != "false" })
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
    fn a_row_fills_the_fields_of_its_columns_and_of_no_others() {
        let cells = COLUMNS.iter().chain(&["external_id"]).map(|column| (*column, "x"));
        let user = User::of_cells::<serde_json::Error>(cells).unwrap();
        assert_eq!(user.unknown_fields, 1);
        assert!(user.password_hasher.is_some() && user.external_id.is_none());
        assert!(User::of_cells::<serde_json::Error>([("id", "")].into_iter()).unwrap().id.is_none());
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

    #[test]
    fn verification_outweighs_the_plain_flag() {
        let email = |text| serde_json::from_str::<EmailAddress<'_>>(text).unwrap().is_verified();
        assert_eq!(email(r#"{"verified":true}"#), Some(true));
        assert_eq!(email(r#"{"verification":{"status":"verified"}}"#), Some(true));
        assert_eq!(email(r#"{"verification":{"status":"expired"},"verified":true}"#), Some(false));
        assert_eq!(email(r#"{"id":"idn_1","verification":null}"#), Some(false));
        assert_eq!(email(r#""ada@example.com""#), None);
    }
}
