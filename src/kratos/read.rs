//! Reads identities, of requests and of answers.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::SentContent;
use crate::destination::json::Members;
use crate::destination::{Comparable, SignInMethods};

/// An identity as Kratos has it, and as it is sent.
#[derive(Deserialize)]
struct KratosIdentity<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    /// Of newer versions.
    #[serde(borrow, default)]
    external_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    traits: &'a RawValue,
    #[serde(borrow, default)]
    metadata_public: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata_admin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    verifiable_addresses: Option<Vec<VerifiableAddress<'a>>>,
    #[serde(borrow, default)]
    credentials: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct VerifiableAddress<'a> {
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(borrow)]
    via: Cow<'a, str>,
    #[serde(default)]
    verified: bool,
}

/// The hash of a password.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PasswordHash<'a> {
    #[serde(borrow)]
    password: Config<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config<'a> {
    #[serde(borrow)]
    config: Hash<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hash<'a> {
    #[serde(borrow)]
    hashed_password: Option<Cow<'a, str>>,
}

/// Reads an item of a batch, `{"create":{…}}`.
pub(super) fn read_sent<'a>(encoded: &'a [u8], key: Option<&str>) -> Option<Comparable<'a>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        create: KratosIdentity<'a>,
    }
    let item: Item<'a> = serde_json::from_slice(encoded).ok()?;
    Some(comparable(item.create, key))
}

/// Reads a list of identities; those that cannot be read are left out.
pub(super) fn read_found<'a>(body: &'a [u8], key: Option<&str>) -> Option<Vec<Comparable<'a>>> {
    let list: Vec<&'a RawValue> = serde_json::from_slice(body).ok()?;
    let identities = list.into_iter().filter_map(|one| serde_json::from_str::<KratosIdentity<'a>>(one.get()).ok());
    Some(identities.map(|identity| comparable(identity, key)).collect())
}

fn comparable<'a>(identity: KratosIdentity<'a>, key: Option<&str>) -> Comparable<'a> {
    let KratosIdentity {
        id,
        external_id,
        state,
        traits,
        metadata_public,
        metadata_admin,
        verifiable_addresses,
        credentials,
    } = identity;
    // Kratos says null of what there is not.
    let [metadata_public, metadata_admin] =
        [metadata_public, metadata_admin].map(|metadata| metadata.filter(|json| json.get() != "null"));
    let members: Members<'a> = serde_json::from_str(traits.get()).unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(|value| serde_json::from_str::<Text<'a>>(value.get()).ok());
    let text = |name: &str| text(name).map(|Text(text)| text);
    let is_verified = |value: Option<&str>, via: &str| {
        let addresses = verifiable_addresses.iter().flatten();
        let mut of_kind = addresses.filter(|address| address.via == via && address.verified);
        value.is_some_and(|value| of_kind.any(|address| address.value.to_lowercase() == value.to_lowercase()))
    };
    let (email, phone) = (text("email"), text("phone"));
    let of_credentials = credentials.map_or("{}", RawValue::get);
    let methods: SignInMethods<'a> = serde_json::from_str(of_credentials).unwrap_or_default();
    let hash: PasswordHash<'_> = serde_json::from_str(of_credentials).unwrap_or_default();
    let content = SentContent {
        state: state.as_deref().unwrap_or("active"),
        traits: Some(traits),
        metadata_public,
        metadata_admin,
        password: hash.password.config.hashed_password.as_deref(),
    };
    let as_created = Some(content.is_as_created());
    let read = Comparable {
        external_id: key.map_or(external_id, text),
        email_verified: Some(is_verified(email.as_deref(), "email")),
        phone_verified: Some(is_verified(phone.as_deref(), "sms")),
        username: text("username"),
        first_name: text("first_name"),
        last_name: text("last_name"),
        locale: text("locale"),
        traits: Some(traits),
        public_metadata: metadata_public,
        admin_metadata: metadata_admin,
        credentials: Some(methods.all_shown()),
        as_created,
        id,
        email,
        phone,
        state,
        ..Comparable::default()
    };
    // Everybody can give themselves the key of another one. Only administrators can say whose an identity is.
    if read.clerk_id().is_some() { read } else { Comparable { external_id: None, ..read } }
}

/// A text that is borrowed where it can be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_counts_only_where_an_administrator_said_whose_it_is() {
        let list = br#"[{"id":"1","traits":{"email":"a@b.c","external_id":"user_1"},"metadata_admin":null,"metadata_public":null},
            {"id":"2","traits":{"email":"d@e.f","external_id":"user_2"},"metadata_admin":{"clerk":{"id":"user_2"}}}]"#;
        let found = read_found(list, Some("external_id")).unwrap();
        assert_eq!(found[0].external_id, None);
        assert_eq!(found[1].external_id.as_deref(), Some("user_2"));
        assert!(!found[0].shows_admin_metadata() && !found[1].is_as_created());
    }
}
