//! The canonical form of a migrated user.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::constant::Constant;
use super::{Claim, OrganizationOfUser};

/// The canonical identity that mapping produces and the dry-run previews (part 2 of the API contract).
///
/// It borrows from the record it was mapped from. There is deliberately no `Debug`: it holds a password hash and
/// personal data.
#[derive(Clone, Serialize)]
pub struct MigrationIdentity<'a> {
    /// The key at the target: Clerk's `external_id`, else the Clerk user id.
    pub external_id: &'a str,
    /// Whether the user may sign in.
    pub state: State,
    /// What the user is.
    pub traits: Traits<'a>,
    /// How the user signs in.
    #[serde(skip_serializing_if = "Credentials::is_empty")]
    pub credentials: Credentials<'a>,
    /// What only administrators see.
    pub admin_metadata: AdminMetadata<'a>,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<&'a str>,
    /// The organization that it belongs to, by its id at the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<&'a str>,
    /// Whether the primary address is verified. Said here, too, for the list of addresses need not be a trait.
    #[serde(skip)]
    pub email_verified: bool,
    /// Whether the primary number is.
    #[serde(skip)]
    pub phone_verified: bool,
    /// Whether the primary address is the user's own at Clerk. If not, another user may hold it there, too.
    #[serde(skip)]
    pub email_claim: Claim,
    /// Whether the primary number is.
    #[serde(skip)]
    pub phone_claim: Claim,
}

/// Whether an identity may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// May sign in.
    Active,
    /// May not.
    Disabled,
}

/// Identity traits: the ones that the target knows, or that every identity has unless a mapping file says otherwise, each
/// in its own field, and all others by name.
#[derive(Clone)]
pub struct Traits<'a> {
    /// The primary address.
    pub email: Cow<'a, str>,
    /// Unique at the target.
    pub username: Option<Cow<'a, str>>,
    /// Given name.
    pub first_name: Option<Cow<'a, str>>,
    /// Family name.
    pub last_name: Option<Cow<'a, str>>,
    /// The primary number, E.164.
    pub phone: Option<&'a str>,
    /// All addresses with their verification state, in the export's order.
    pub email_addresses: Option<Vec<Address<'a>>>,
    /// All numbers with their verification state, in the export's order.
    pub phone_numbers: Option<Vec<Address<'a>>>,
    /// Clerk's, to the byte.
    pub public_metadata: Option<&'a RawValue>,
    /// Clerk's, to the byte.
    pub unsafe_metadata: Option<&'a RawValue>,
    /// The ones that a mapping file adds. Their names are those of no other trait.
    pub others: Vec<NamedTrait<'a>>,
}

impl Serialize for Traits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("email", &self.email)?;
        for (name, text) in
            [("username", &self.username), ("first_name", &self.first_name), ("last_name", &self.last_name)]
        {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        if let Some(phone) = self.phone {
            map.serialize_entry("phone", phone)?;
        }
        for (name, list) in [("email_addresses", &self.email_addresses), ("phone_numbers", &self.phone_numbers)] {
            if let Some(list) = list {
                map.serialize_entry(name, list)?;
            }
        }
        for (name, bag) in [("public_metadata", self.public_metadata), ("unsafe_metadata", self.unsafe_metadata)] {
            if let Some(bag) = bag {
                map.serialize_entry(name, bag)?;
            }
        }
        for NamedTrait { name, value } in &self.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A trait, or a member of the admin metadata, that goes by a name of the mapping file's.
#[derive(Clone)]
pub struct NamedTrait<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: TraitValue<'a>,
}

/// What a trait can be.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum TraitValue<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Yes or no.
    Flag(bool),
    /// What stands in the mapping file.
    Constant(&'a Constant),
    /// Something of Clerk's, to the byte.
    Json(&'a RawValue),
    /// Addresses or numbers.
    Addresses(Vec<Address<'a>>),
}

/// An email address or a phone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address<'a> {
    /// The address or number itself.
    pub value: Cow<'a, str>,
    /// Whether the user has proved that it is theirs.
    pub verified: bool,
    /// Whether it is the one to use.
    pub primary: bool,
}

/// How a user signs in. Serialised in the shape that Kratos takes.
#[derive(Clone, Default)]
pub struct Credentials<'a> {
    /// A bcrypt hash.
    pub hashed_password: Option<Cow<'a, str>>,
    /// Social sign-ins.
    pub providers: Vec<SocialProvider<'a>>,
}

/// One social sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SocialProvider<'a> {
    /// `google` and the like.
    pub provider: &'a str,
    /// The user's id at the provider.
    pub subject: &'a str,
}

/// What only administrators see.
#[derive(Clone)]
pub struct AdminMetadata<'a> {
    /// Clerk's, to the byte.
    pub private_metadata: Option<&'a RawValue>,
    /// Where the user comes from.
    pub clerk: ClerkOrigin<'a>,
    /// Members that a mapping file adds: bags of metadata that it puts here.
    pub further_members: Vec<NamedTrait<'a>>,
}

impl Serialize for AdminMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(private_metadata) = self.private_metadata {
            map.serialize_entry("private_metadata", private_metadata)?;
        }
        map.serialize_entry("clerk", &self.clerk)?;
        for NamedTrait { name, value } in &self.further_members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Facts about the user at Clerk that the target has no field for.
#[derive(Clone, Serialize)]
pub struct ClerkOrigin<'a> {
    /// The Clerk user id.
    pub id: &'a str,
    /// When the user signed up, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<jiff::Timestamp>,
    /// When the user agreed to the terms, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_accepted_at: Option<jiff::Timestamp>,
    /// Why the user is disabled: `banned`, `locked` or `deprovisioned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<&'static str>,
    /// The organizations that the user is in, where the target has no other place for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationOfUser>,
}

impl Credentials<'_> {
    /// Whether there is no way to sign in.
    pub(crate) fn is_empty(&self) -> bool {
        self.hashed_password.is_none() && self.providers.is_empty()
    }
}

/// `{"config": …}`, the wrapper around each kind of credentials.
#[derive(Serialize)]
struct Config<T> {
    config: T,
}

impl Serialize for Credentials<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Password<'a> {
            hashed_password: &'a str,
        }
        #[derive(Serialize)]
        struct Oidc<'a> {
            providers: &'a [SocialProvider<'a>],
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(hashed_password) = &self.hashed_password {
            map.serialize_entry("password", &Config { config: Password { hashed_password } })?;
        }
        if !self.providers.is_empty() {
            map.serialize_entry("oidc", &Config { config: Oidc { providers: &self.providers } })?;
        }
        map.end()
    }
}

impl MigrationIdentity<'_> {
    /// A copy fit for a person's eyes: the password hash keeps only its algorithm and cost.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        if let Some(hash) = &mut masked.credentials.hashed_password {
            let kept: String = hash.chars().take("$2a$10$".len()).collect();
            *hash = Cow::Owned(format!("{kept}…"));
        }
        masked
    }

    /// Whether the user may not sign in.
    pub fn is_disabled(&self) -> bool {
        self.state == State::Disabled
    }
}
