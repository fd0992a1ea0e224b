//! Which fields the users have that map: what a dry run says about an export as a whole.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::identity::MigrationIdentity;
use super::rules::{MetadataRules, MetadataTarget};
use super::{Mapped, Notice};
use crate::clerk::User;

/// As many providers are counted by name. An export can hold any number of names, and memory is bounded.
const PROVIDERS: usize = 32;

/// A name that is longer is none of a provider's.
const PROVIDER_BYTES: usize = 40;

/// What a user can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoveredField {
    /// An address of their own, not a placeholder.
    Email,
    /// A phone number.
    Phone,
    /// A username.
    Username,
    /// A password that moves.
    Password,
    /// Public metadata, not empty.
    PublicMetadata,
    /// Private metadata, not empty.
    PrivateMetadata,
    /// Unsafe metadata, not empty.
    UnsafeMetadata,
    /// At least one social sign-in that moves.
    SocialSignIn,
}

impl CoveredField {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Phone,
        Self::Username,
        Self::Password,
        Self::PublicMetadata,
        Self::PrivateMetadata,
        Self::UnsafeMetadata,
        Self::SocialSignIn,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Username => "username",
            Self::Password => "password",
            Self::PublicMetadata => "public_metadata",
            Self::PrivateMetadata => "private_metadata",
            Self::UnsafeMetadata => "unsafe_metadata",
            Self::SocialSignIn => "social_sign_in",
        }
    }
}

/// How many users have which field. Counting a user allocates nothing, but for a provider that was not met before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    users: u64,
    fields: [u64; CoveredField::ALL.len()],
    providers: Vec<(Box<str>, u64)>,
    other_providers: u64,
    noted: NotedUser,
}

/// What was noted of one user, as bits: the fields, and the places of their providers in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct NotedUser {
    fields: u32,
    providers: u64,
    others: bool,
}

impl Coverage {
    /// Notes what a user has. They count once it is known that they move: see [`Self::count`].
    pub(super) fn note(&mut self, user: &User<'_>, mapped: &Mapped<'_>, rules: &MetadataRules) {
        let MigrationIdentity { traits, credentials, .. } = &mapped.identity;
        let has = |field: CoveredField| match field {
            CoveredField::Email => !mapped.notices.contains(Notice::EmailPlaceholder),
            CoveredField::Phone => {
                traits.phone.is_some() || traits.phone_numbers.as_ref().is_some_and(|numbers| !numbers.is_empty())
            }
            CoveredField::Username => traits.username.is_some(),
            CoveredField::Password => credentials.hashed_password.is_some(),
            CoveredField::PublicMetadata => moves(user.public_metadata, &rules.public),
            CoveredField::PrivateMetadata => moves(user.private_metadata, &rules.private),
            CoveredField::UnsafeMetadata => moves(user.unsafe_metadata, &rules.unsafe_),
            CoveredField::SocialSignIn => !credentials.providers.is_empty(),
        };
        let bits = CoveredField::ALL.into_iter().filter(|field| has(*field));
        self.noted = NotedUser { fields: bits.fold(0, |bits, field| bits | 1 << field as u32), ..NotedUser::default() };
        for social in &credentials.providers {
            match self.place(social.provider) {
                Some(place) => self.noted.providers |= 1 << place,
                None => self.noted.others = true,
            }
        }
    }

    /// Counts the user who was noted last.
    pub(crate) fn count(&mut self) {
        let NotedUser { fields, providers, others } = std::mem::take(&mut self.noted);
        self.users += 1;
        for (bit, count) in self.fields.iter_mut().enumerate() {
            *count += u64::from(fields >> bit & 1);
        }
        for (bit, (_, count)) in self.providers.iter_mut().enumerate() {
            *count += providers >> bit & 1;
        }
        self.other_providers += u64::from(others);
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.users += other.users;
        for (count, of_other) in self.fields.iter_mut().zip(other.fields) {
            *count += of_other;
        }
        self.other_providers += other.other_providers;
        for (name, users) in other.providers.into_iter().filter(|(_, users)| *users > 0) {
            match self.place(&name) {
                Some(place) => self.providers[place].1 += users,
                None => self.other_providers += users,
            }
        }
    }

    /// A coverage, to be shown.
    #[cfg(test)]
    pub(crate) fn of_counts(users: u64, fields: [u64; 8], providers: &[(&str, u64)], other_providers: u64) -> Self {
        let providers = providers.iter().map(|(name, users)| ((*name).into(), *users)).collect();
        Self { users, fields, providers, other_providers, noted: NotedUser::default() }
    }

    /// Users who map. Users who are in the input twice are found later, and are among them.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// How many of them have a field.
    pub fn of(&self, field: CoveredField) -> u64 {
        self.fields[field as usize]
    }

    /// How many of them sign in with which provider, those with the most users first.
    pub fn providers(&self) -> Vec<(&str, u64)> {
        let met = self.providers.iter().filter(|(_, users)| *users > 0);
        let mut providers: Vec<_> = met.map(|(name, users)| (&**name, *users)).collect();
        providers.sort_unstable_by_key(|(name, users)| (std::cmp::Reverse(*users), *name));
        providers
    }

    /// Sign-ins with providers that are not counted by name: beyond the first 32, and with names that no provider has.
    pub fn other_providers(&self) -> u64 {
        self.other_providers
    }

    /// The place of a provider in the list, if it is counted by name.
    fn place(&mut self, name: &str) -> Option<usize> {
        let known = self.providers.iter().position(|(known, _)| **known == *name);
        if known.is_some() || self.providers.len() == PROVIDERS || !is_provider(name) {
            return known;
        }
        self.providers.push((name.into(), 0));
        Some(self.providers.len() - 1)
    }
}

impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("users", &self.users)?;
        for field in CoveredField::ALL {
            map.serialize_entry(field.name(), &self.of(field))?;
        }
        map.serialize_entry("providers", &self.providers().into_iter().collect::<BTreeMap<_, _>>())?;
        map.serialize_entry("other_providers", &self.other_providers)?;
        map.end()
    }
}

/// Whether there is something in a bag, and it is sent. Clerk writes `{}` for each user who has nothing.
fn moves(bag: Option<&RawValue>, target: &MetadataTarget) -> bool {
    let is_empty = |json: &str| {
        let members = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        members.map_or(json == "null", |members| members.trim_ascii().is_empty())
    };
    bag.is_some_and(|json| !is_empty(json.get())) && !matches!(target, MetadataTarget::Nowhere)
}

/// Whether it can be the name of a provider. What else stands there could be anything, and a report shows no data of users.
fn is_provider(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=PROVIDER_BYTES).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Rules, map, parse};

    /// Notes a user, and counts them.
    fn count(coverage: &mut Coverage, record: &str) {
        note(coverage, record);
        coverage.count();
    }

    fn note(coverage: &mut Coverage, record: &str) {
        let (user, rules) = (parse(record.as_bytes()).ok().unwrap(), Rules::default());
        coverage.note(&user, &map(&user, &rules).ok().unwrap(), &rules.metadata);
    }

    fn with_providers(names: &[&str]) -> String {
        let account = |name| serde_json::json!({"provider": name, "provider_user_id": "1", "verification": {"status": "verified"}});
        let accounts: Vec<_> = names.iter().map(account).collect();
        let address = serde_json::json!([{"email_address": "a@example.com"}]);
        serde_json::json!({"id": "u", "email_addresses": address, "external_accounts": accounts}).to_string()
    }

    #[test]
    fn a_user_counts_once_for_each_field_and_provider_and_only_when_counted() {
        let mut coverage = Coverage::default();
        note(&mut coverage, &with_providers(&["oauth_gitlab"]));
        count(&mut coverage, &with_providers(&["oauth_google", "google", "github"]));
        count(&mut coverage, &with_providers(&["google", "A Person", "another@example.com"]));
        let bags = r#""public_metadata":{ },"private_metadata":{"a":1},"unsafe_metadata":null"#;
        let record =
            format!(r#"{{"id":"u","username":"ada","email_addresses":[{{"email_address":"a@b.cd"}}],{bags}}}"#);
        count(&mut coverage, &record);
        let mut all = Coverage::default();
        all.add(coverage.clone());
        all.add(coverage);
        let expected = serde_json::json!({
            "users": 6, "email": 6, "phone": 0, "username": 2, "password": 0, "public_metadata": 0,
            "private_metadata": 2, "unsafe_metadata": 0, "social_sign_in": 4,
            "providers": {"github": 2, "google": 4}, "other_providers": 2,
        });
        assert_eq!(serde_json::to_value(&all).unwrap(), expected);
        assert_eq!(all.providers(), [("google", 4), ("github", 2)]);
    }

    #[test]
    fn any_number_of_providers_takes_bounded_memory() {
        let mut coverage = Coverage::default();
        for number in 0..1_000 {
            count(&mut coverage, &with_providers(&[&format!("custom_{number}")]));
        }
        assert_eq!((coverage.providers.len(), coverage.other_providers()), (PROVIDERS, 1_000 - PROVIDERS as u64));
    }
}
