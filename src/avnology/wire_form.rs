//! The form in which requests carry an identity.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::mapping::{MigrationIdentity, Rejection, WireForm};

/// The form in which Avnology ID takes an identity: [`encode`].
#[derive(Clone, Copy, Debug)]
pub struct AvnologyForm;

impl WireForm for AvnologyForm {
    fn fault(&self, _: &MigrationIdentity<'_>) -> Option<Rejection> {
        None
    }

    fn encode(&self, identity: &MigrationIdentity<'_>, body: &mut Vec<u8>) {
        encode(identity, body);
    }
}

/// Appends the form in which requests carry an identity: `{"identity":{…}}`, the documented top-level fields filled from the
/// traits. The admin metadata come last, for [`crate::destination::RunMark`].
pub fn encode(identity: &MigrationIdentity<'_>, body: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Request<'a> {
        identity: Wire<'a>,
    }
    let written = serde_json::to_writer(body, &Request { identity: Wire(identity) });
    debug_assert!(written.is_ok(), "writing to memory cannot fail, and every key is a string");
}

/// The flat form of `POST /v1/identities` with the fields of part 2 of the contract added.
struct Wire<'a>(&'a MigrationIdentity<'a>);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let MigrationIdentity {
            external_id, state, traits, credentials, admin_metadata, locale, organization_id, ..
        } = self.0;
        let mut fields = serializer.serialize_struct("identity", 14)?;
        fields.serialize_field("external_id", external_id)?;
        fields.serialize_field("state", state)?;
        fields.serialize_field("email", &traits.email)?;
        fields.serialize_field("email_verified", &self.0.email_verified)?;
        for (name, value) in [
            ("username", traits.username.as_deref()),
            ("first_name", traits.first_name.as_deref()),
            ("last_name", traits.last_name.as_deref()),
            ("phone", traits.phone),
            ("locale", *locale),
            ("organization_id", *organization_id),
        ] {
            if let Some(value) = value {
                fields.serialize_field(name, value)?;
            }
        }
        if traits.phone.is_some() {
            fields.serialize_field("phone_verified", &self.0.phone_verified)?;
        }
        fields.serialize_field("traits", traits)?;
        if !credentials.is_empty() {
            fields.serialize_field("credentials", credentials)?;
        }
        fields.serialize_field("admin_metadata", admin_metadata)?;
        fields.end()
    }
}
