//! The form in which Kratos takes an identity: `{"create":{…}}`, an item of its batch, or without the wrapper its `POST`.

use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::KratosOptions;
use super::content::SentContent;
use super::key::MAX_NATIVE;
use crate::mapping::{CONTENT_MARK, MigrationIdentity, RejectCode, Rejection, WireForm};

/// The form in which a Kratos takes an identity.
#[derive(Clone, Debug)]
pub struct KratosForm {
    options: Arc<KratosOptions>,
}

impl KratosForm {
    /// The form for a Kratos with these options.
    pub fn new(options: Arc<KratosOptions>) -> Self {
        Self { options }
    }

    fn written(&self, identity: &MigrationIdentity<'_>) -> serde_json::Result<String> {
        let traits = serde_json::value::to_raw_value(&KratosTraits { identity, key: self.options.key.trait_name() })?;
        let admin = serde_json::value::to_raw_value(&identity.admin_metadata)?;
        let state = if identity.is_disabled() { "inactive" } else { "active" };
        let content = SentContent {
            state,
            traits: Some(&traits),
            metadata_public: identity.traits.public_metadata,
            metadata_admin: Some(&admin),
            password: identity.credentials.hashed_password.as_deref(),
        };
        let create = Create {
            schema_id: self.options.schema.as_deref(),
            external_id: self.options.key.trait_name().is_none().then_some(identity.external_id),
            state,
            verifiable_addresses: verified_addresses(identity),
            credentials: credentials(identity, &self.options),
            metadata_public: identity.traits.public_metadata,
            metadata_admin: MarkedMetadata { admin: &admin, digest: &content.digest() },
            traits: &traits,
        };
        serde_json::to_string(&Item { create })
    }
}

impl WireForm for KratosForm {
    fn fault(&self, identity: &MigrationIdentity<'_>) -> Option<Rejection> {
        if self.options.key.trait_name().is_none() && identity.external_id.chars().count() > MAX_NATIVE {
            let message = format!("Kratos takes external ids of up to {MAX_NATIVE} characters");
            return Some(Rejection::of_field(RejectCode::FieldTooLong, "external_id", message));
        }
        // PostgreSQL keeps no NUL, and refuses the whole batch that has one.
        let text = serde_json::to_string(identity).unwrap_or_default();
        has_nul(&text).then(|| {
            let message = "the user has the character U+0000 somewhere, which Kratos cannot keep on PostgreSQL";
            Rejection::of_record(RejectCode::TargetInvalid, message)
        })
    }

    fn encode(&self, identity: &MigrationIdentity<'_>, body: &mut Vec<u8>) {
        let written = self.written(identity);
        debug_assert!(written.is_ok(), "writing to memory cannot fail, and every key is a string");
        body.extend_from_slice(written.unwrap_or_default().as_bytes());
    }
}

/// Whether JSON has a NUL in a text: `\u0000`, with a backslash that is not itself behind one.
fn has_nul(json: &str) -> bool {
    memchr::memmem::find_iter(json.as_bytes(), br"\u0000").any(|at| {
        let backslashes = json.as_bytes()[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        backslashes % 2 == 0
    })
}

#[derive(Serialize)]
struct Item<'a> {
    create: Create<'a>,
}

/// The admin metadata come last, for [`crate::destination::RunMark`].
#[derive(Serialize)]
struct Create<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_id: Option<&'a str>,
    /// Where the key is no trait.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    state: &'static str,
    traits: &'a RawValue,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verifiable_addresses: Vec<VerifiedAddress<'a>>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    credentials: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_public: Option<&'a RawValue>,
    metadata_admin: MarkedMetadata<'a>,
}

/// The traits as Kratos has them: the key among them, and no public metadata.
struct KratosTraits<'a> {
    identity: &'a MigrationIdentity<'a>,
    key: Option<&'a str>,
}

impl Serialize for KratosTraits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { identity, key } = self;
        let traits = &identity.traits;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("email", &traits.email)?;
        if let Some(key) = key {
            map.serialize_entry(key, identity.external_id)?;
        }
        for (name, text) in [
            ("username", traits.username.as_deref()),
            ("first_name", traits.first_name.as_deref()),
            ("last_name", traits.last_name.as_deref()),
            ("phone", traits.phone),
            ("locale", identity.locale),
        ] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        // Empty ones, too: without the list the user's own settings form breaks.
        for (name, list) in [("email_addresses", &traits.email_addresses), ("phone_numbers", &traits.phone_numbers)] {
            if let Some(list) = list {
                map.serialize_entry(name, list)?;
            }
        }
        if let Some(bag) = traits.unsafe_metadata {
            map.serialize_entry("unsafe_metadata", bag)?;
        }
        for other in traits.others.iter().filter(|other| Some(other.name) != *key) {
            map.serialize_entry(other.name, &other.value)?;
        }
        map.end()
    }
}

/// The admin metadata with the digest of the content.
struct MarkedMetadata<'a> {
    admin: &'a RawValue,
    digest: &'a str,
}

impl Serialize for MarkedMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members: crate::destination::json::Members<'_> =
            serde_json::from_str(self.admin.get()).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(Some(members.len() + 1))?;
        for (name, value) in &members {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry(CONTENT_MARK, self.digest)?;
        map.end()
    }
}

/// An address that the user has proved to be theirs. All others are unverified without a word.
#[derive(Serialize)]
struct VerifiedAddress<'a> {
    value: &'a str,
    via: &'static str,
    verified: bool,
    status: &'static str,
}

fn verified_addresses<'a>(identity: &'a MigrationIdentity<'_>) -> Vec<VerifiedAddress<'a>> {
    let verified = |value, via| VerifiedAddress { value, via, verified: true, status: "completed" };
    let email = identity.email_verified.then(|| verified(identity.traits.email.as_ref(), "email"));
    let phone = identity.traits.phone.filter(|_| identity.phone_verified).map(|phone| verified(phone, "sms"));
    email.into_iter().chain(phone).collect()
}

fn credentials(
    identity: &MigrationIdentity<'_>,
    options: &KratosOptions,
) -> serde_json::Map<String, serde_json::Value> {
    let mut credentials = serde_json::Map::new();
    if let Some(hash) = &identity.credentials.hashed_password {
        credentials.insert("password".to_owned(), serde_json::json!({ "config": { "hashed_password": hash } }));
    }
    let providers: Vec<_> = identity
        .credentials
        .providers
        .iter()
        .map(|one| serde_json::json!({ "provider": options.provider(one.provider), "subject": one.subject }))
        .collect();
    if !providers.is_empty() {
        credentials.insert("oidc".to_owned(), serde_json::json!({ "config": { "providers": providers } }));
    }
    credentials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::RunMark;
    use crate::kratos::read::read_sent;
    use crate::mapping::{Rules, map, parse};

    #[test]
    fn public_metadata_are_no_trait_and_what_is_sent_reads_as_created() {
        let record = br#"{"id":"user_1","email_addresses":[{"email_address":"Ada@example.com","verified":true}],
            "public_metadata":{"role":"admin"},"unsafe_metadata":{"n":1.0},"private_metadata":{"k":[1e2]},"banned":true}"#;
        let (user, rules) = (parse(record).unwrap(), Rules::default());
        let identity = map(&user, &rules).unwrap().identity;
        let options = KratosOptions { schema: Some("clerk".to_owned()), ..KratosOptions::default() };
        let form = KratosForm::new(Arc::new(options));
        let mut body = Vec::new();
        form.encode(&identity, &mut body);
        RunMark::of("run").put_on(&mut body, 0, 7);
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let create = &value["create"];
        assert_eq!(create["metadata_public"], serde_json::json!({ "role": "admin" }));
        assert_eq!(create["traits"]["public_metadata"], serde_json::Value::Null);
        assert_eq!((&create["traits"]["external_id"], &create["state"]), (&"user_1".into(), &"inactive".into()));
        let sent = read_sent(&body, Some("external_id")).unwrap();
        assert!(sent.is_as_created() && sent.is_marked_by(&RunMark::of("run")));
        let changed = String::from_utf8(body).unwrap().replace(r#""role":"admin""#, r#""role":"owner""#);
        assert!(!read_sent(changed.as_bytes(), Some("external_id")).unwrap().is_as_created());
    }

    #[test]
    fn an_external_id_of_kratos_own_is_no_trait_and_may_not_be_long() {
        let record = br#"{"id":"user_1","external_id":"crm","email_addresses":[{"email_address":"a@example.com"}]}"#;
        let (user, rules) = (parse(record).unwrap(), Rules::default());
        let mut identity = map(&user, &rules).unwrap().identity;
        let options = KratosOptions { key: "native".parse().unwrap(), ..KratosOptions::default() };
        let form = KratosForm::new(Arc::new(options));
        let mut body = Vec::new();
        form.encode(&identity, &mut body);
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["create"]["external_id"], "crm");
        assert_eq!(value["create"]["traits"]["external_id"], serde_json::Value::Null);
        assert_eq!(read_sent(&body, None).unwrap().external_id.as_deref(), Some("crm"));
        assert_eq!(form.fault(&identity), None);
        let long = "ä".repeat(MAX_NATIVE + 1);
        identity.external_id = &long;
        assert_eq!(form.fault(&identity).map(|fault| fault.code), Some(RejectCode::FieldTooLong));
    }

    #[test]
    fn a_nul_is_found_and_its_spelling_in_a_text_is_not() {
        assert!(has_nul(r#"{"a":"x\u0000"}"#) && has_nul(r#"{"a":"\\\u0000"}"#));
        assert!(!has_nul(r#"{"a":"\\u0000"}"#) && !has_nul(r#"{"a":"u0000"}"#));
    }
}
