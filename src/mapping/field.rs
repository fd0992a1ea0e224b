//! Clerk's fields as a mapping file names them, and their values for one user.

use std::borrow::Cow;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::identity::TraitValue;
use super::limits::PATH_NAMES;
use super::reachable::Contacts;
use super::text::{non_empty, time};
use super::{RejectCode, Rejection};
use crate::clerk::User;

/// A field of a Clerk user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClerkField {
    /// `user_…`.
    Id,
    /// The customer's own id.
    ExternalId,
    /// The username as Clerk has it.
    Username,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// BCP 47.
    Locale,
    /// The primary address, after the rules for email addresses.
    PrimaryEmailAddress,
    /// The primary number.
    PrimaryPhoneNumber,
    /// All addresses that move: a list.
    EmailAddresses,
    /// All numbers that move: a list.
    PhoneNumbers,
    /// RFC 3339.
    CreatedAt,
    /// RFC 3339.
    LegalAcceptedAt,
    /// Yes or no.
    Banned,
    /// Yes or no.
    Locked,
    /// Yes or no.
    Deprovisioned,
    /// Something within a bag of metadata.
    Metadata(Bag, Vec<String>),
}

/// A bag of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bag {
    /// `public_metadata`.
    Public,
    /// `private_metadata`.
    Private,
    /// `unsafe_metadata`.
    Unsafe,
}

impl Bag {
    const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Unsafe];

    /// Its name at Clerk.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Public => "public_metadata",
            Self::Private => "private_metadata",
            Self::Unsafe => "unsafe_metadata",
        }
    }
}

/// Fields by name, but for what is within metadata.
const FIELDS: [(&str, ClerkField); 15] = [
    ("id", ClerkField::Id),
    ("external_id", ClerkField::ExternalId),
    ("username", ClerkField::Username),
    ("first_name", ClerkField::FirstName),
    ("last_name", ClerkField::LastName),
    ("locale", ClerkField::Locale),
    ("primary_email_address", ClerkField::PrimaryEmailAddress),
    ("primary_phone_number", ClerkField::PrimaryPhoneNumber),
    ("email_addresses", ClerkField::EmailAddresses),
    ("phone_numbers", ClerkField::PhoneNumbers),
    ("created_at", ClerkField::CreatedAt),
    ("legal_accepted_at", ClerkField::LegalAcceptedAt),
    ("banned", ClerkField::Banned),
    ("locked", ClerkField::Locked),
    ("deprovisioned", ClerkField::Deprovisioned),
];

/// A user, and what is mapped of it already.
#[derive(Clone, Copy)]
pub(super) struct MappedUser<'a, 'c> {
    pub user: &'a User<'a>,
    pub contacts: &'c Contacts<'a>,
}

impl ClerkField {
    /// The names of all fields, for suggestions. What is within metadata goes by any name.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|(name, _)| *name).chain(Bag::ALL.map(Bag::name))
    }

    /// The field that is named so, or what is wrong with the name.
    pub(super) fn parse(name: &str) -> Result<Self, &'static str> {
        if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) {
            return Ok(field.clone());
        }
        let mut names = name.split('.');
        let first = names.next();
        let Some(bag) = Bag::ALL.into_iter().find(|bag| Some(bag.name()) == first) else {
            return Err("a Clerk user has no such field");
        };
        let path: Vec<String> = names.map(str::to_owned).collect();
        match path.len() {
            0 => Err("[metadata] says where a whole bag of metadata goes; a trait is one field of it, as in \
                      `public_metadata.plan`"),
            _ if path.iter().any(String::is_empty) => Err("there is nothing between two dots"),
            1..=PATH_NAMES => Ok(Self::Metadata(bag, path)),
            _ => Err("the path has more than 16 names"),
        }
    }

    /// Whether it can be written as text.
    pub(super) fn is_text(&self) -> bool {
        !matches!(self, Self::EmailAddresses | Self::PhoneNumbers)
    }

    /// Its value as JSON; nothing where it is absent, null or empty text.
    pub(super) fn value<'a>(&self, source: MappedUser<'a, '_>) -> Result<Option<TraitValue<'a>>, Rejection> {
        let MappedUser { user, contacts } = source;
        Ok(match self {
            Self::EmailAddresses => Some(TraitValue::Addresses(contacts.email_addresses.clone())),
            Self::PhoneNumbers => Some(TraitValue::Addresses(contacts.phone_numbers.clone())),
            Self::Banned => user.banned.map(TraitValue::Flag),
            Self::Locked => user.locked.map(TraitValue::Flag),
            Self::Deprovisioned => user.deprovisioned.map(TraitValue::Flag),
            Self::Metadata(bag, path) => {
                metadata(user, *bag, path).filter(|json| json.get() != "\"\"").map(TraitValue::Json)
            }
            _ => self.text(source)?.map(TraitValue::Text),
        })
    }

    /// Its value as text; nothing where it is absent, null or empty.
    pub(super) fn text<'a>(&self, source: MappedUser<'a, '_>) -> Result<Option<Cow<'a, str>>, Rejection> {
        let MappedUser { user, contacts } = source;
        let flag = |flag: Option<bool>| flag.map(|flag| if flag { "true" } else { "false" });
        let borrowed = match self {
            Self::Id => user.id.as_deref(),
            Self::ExternalId => user.external_id.as_deref(),
            Self::Username => user.username.as_deref(),
            Self::FirstName => user.first_name.as_deref(),
            Self::LastName => user.last_name.as_deref(),
            Self::Locale => user.locale.as_deref(),
            Self::PrimaryPhoneNumber => contacts.phone,
            Self::Banned => flag(user.banned),
            Self::Locked => flag(user.locked),
            Self::Deprovisioned => flag(user.deprovisioned),
            Self::PrimaryEmailAddress => return Ok(Some(contacts.email.clone())),
            Self::CreatedAt => return Ok(time("created_at", user.created_at)?.map(|time| time.to_string().into())),
            Self::LegalAcceptedAt => {
                return Ok(time("legal_accepted_at", user.legal_accepted_at)?.map(|time| time.to_string().into()));
            }
            Self::Metadata(bag, path) => {
                let Some(json) = metadata(user, *bag, path) else { return Ok(None) };
                let text = text_of(json).ok_or_else(|| no_text(*bag, path))?;
                return Ok(Some(text).filter(|text| !text.is_empty()));
            }
            // A mapping file that asks for the text of a list is refused.
            Self::EmailAddresses | Self::PhoneNumbers => None,
        };
        Ok(non_empty(borrowed).map(Cow::Borrowed))
    }
}

/// What lies at a path within a bag; null counts as absent.
fn metadata<'a>(user: &'a User<'a>, bag: Bag, path: &[String]) -> Option<&'a RawValue> {
    let bag = match bag {
        Bag::Public => user.public_metadata,
        Bag::Private => user.private_metadata,
        Bag::Unsafe => user.unsafe_metadata,
    };
    path.iter().try_fold(bag?, |object, name| member(object, name))
}

/// The member of this name, the last one if there are several; nothing of anything but an object.
fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    Member(name).deserialize(&mut serde_json::Deserializer::from_str(object.get())).ok().flatten()
}

struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = members.next_key_seed(Name(self.0))? {
            if is_it {
                found = members.next_value()?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a member's name is this one. It is read as bytes: half of a surrogate pair in the name of another member, which is
/// no text, must not hide this one.
struct Name<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }
}

/// A string's text, and numbers and flags as they are written; an object or an array is no text.
fn text_of(json: &RawValue) -> Option<Cow<'_, str>> {
    match json.get().as_bytes().first() {
        Some(b'"') => serde_json::Deserializer::from_str(json.get()).deserialize_str(Characters).ok(),
        Some(b'{' | b'[') | None => None,
        Some(_) => Some(Cow::Borrowed(json.get())),
    }
}

struct Characters;

impl<'de> Visitor<'de> for Characters {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// The path is the mapping file's, not the record's.
fn no_text(bag: Bag, path: &[String]) -> Rejection {
    let field = format!("{}.{}", bag.name(), path.join("."));
    let message = format!("{field} is no text, number or flag, which the mapping file asks for");
    Rejection::of_field(RejectCode::InvalidRecord, &field, message)
}
