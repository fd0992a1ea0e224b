//! Changes one identity: a JSON patch, and another one for what has its place only in the answer.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::KratosCalls;
use super::answer::{conflict, invalid};
use super::errors::refused;
use super::read::read_sent;
use crate::destination::{Change, Changed, Comparable, Field, ItemErrorKind, TargetError};
use crate::http::{Body, ReplyOutcome, Request};

/// What is sent of an identity, as it is written.
#[derive(Deserialize)]
struct Create<'a> {
    #[serde(borrow, default)]
    external_id: Option<&'a RawValue>,
    #[serde(borrow)]
    state: &'a RawValue,
    #[serde(borrow)]
    traits: &'a RawValue,
    #[serde(borrow, default)]
    metadata_public: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata_admin: &'a RawValue,
}

impl KratosCalls {
    /// Changes some fields of one identity.
    pub(super) async fn update(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            create: Create<'a>,
        }
        let Ok(Item { create }) = serde_json::from_slice::<Item<'_>>(change.encoded) else {
            return Ok(Changed::Refused(invalid(b"")));
        };
        let patch = patch(&create, change.fields);
        if !patch.is_empty()
            && let Some(refusal) = self.patch(change.id, format!("[{}]", patch.join(","))).await?
        {
            return Ok(refusal);
        }
        let sent = read_sent(change.encoded, self.key()).unwrap_or_default();
        // A new address is unverified, even if the old one was not.
        let concerns_addresses = |field: &Field| {
            matches!(field, Field::Email | Field::EmailVerified | Field::Phone | Field::PhoneVerified | Field::Traits)
        };
        if change.fields.iter().any(concerns_addresses)
            && let Some(body) = self.read_by_id(change.id).await?
        {
            let patch = verifications(&sent, &body);
            if !patch.is_empty()
                && let Some(refusal) = self.patch(change.id, json!(patch).to_string()).await?
            {
                return Ok(refusal);
            }
        }
        Ok(Changed::Updated)
    }

    /// Disables or enables an identity: whether Kratos did it.
    pub(super) async fn disable_or_enable(&self, id: &str, is_disabled: bool) -> Result<bool, TargetError> {
        let state = if is_disabled { "inactive" } else { "active" };
        let patch = json!([{ "op": "replace", "path": "/state", "value": state }]);
        Ok(self.patch(id, patch.to_string()).await?.is_none())
    }

    /// Sends a patch; something if Kratos would not have it.
    async fn patch(&self, id: &str, patch: String) -> Result<Option<Changed>, TargetError> {
        let request = Request::patch(self.identity_url(id), Bytes::from(patch));
        let reply = self.retried(&request, |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(None),
            ReplyOutcome::Answered { status: 409 } => Ok(Some(Changed::Refused(conflict(None)))),
            ReplyOutcome::Answered { status: 400 | 404 | 413 | 422 } => {
                let error = invalid(&reply.body);
                debug_assert_eq!(error.kind, ItemErrorKind::Invalid);
                Ok(Some(Changed::Refused(error)))
            }
            _ => Err(refused(self.target(), &reply)),
        }
    }
}

/// The operations of a patch, as they are written. `add` replaces what is there.
fn patch(create: &Create<'_>, fields: &[Field]) -> Vec<String> {
    let of_traits = |field: &Field| {
        matches!(
            field,
            Field::ExternalId
                | Field::Email
                | Field::Username
                | Field::FirstName
                | Field::LastName
                | Field::Phone
                | Field::Locale
                | Field::Traits
        )
    };
    let operation = |path: &str, value: &str| format!(r#"{{"op":"add","path":"{path}","value":{value}}}"#);
    let is_other_id = create.external_id.is_some() && fields.contains(&Field::ExternalId);
    [
        ("/external_id", is_other_id, create.external_id),
        ("/traits", fields.iter().any(of_traits), Some(create.traits)),
        ("/state", fields.contains(&Field::State), Some(create.state)),
        ("/metadata_public", fields.contains(&Field::PublicMetadata), create.metadata_public),
        ("/metadata_admin", fields.contains(&Field::AdminMetadata), Some(create.metadata_admin)),
    ]
    .into_iter()
    .filter(|(_, is_asked_for, _)| *is_asked_for)
    .map(|(path, _, value)| operation(path, value.map_or("null", RawValue::get)))
    .collect()
}

/// The operations that make the addresses verified or not, as they are to be.
fn verifications(sent: &Comparable<'_>, found: &Body) -> Vec<serde_json::Value> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(default)]
        verifiable_addresses: Option<Vec<Address>>,
    }
    #[derive(Deserialize)]
    struct Address {
        value: String,
        via: String,
        verified: bool,
    }
    let found: Vec<Found> = serde_json::from_slice(found).unwrap_or_default();
    let addresses = found.into_iter().next().and_then(|found| found.verifiable_addresses).unwrap_or_default();
    let mut patch = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let (own, is_to_be) = match address.via.as_str() {
            "email" => (sent.email.as_deref(), sent.email_verified),
            "sms" => (sent.phone.as_deref(), sent.phone_verified),
            _ => continue,
        };
        let is_it = own.is_some_and(|own| own.to_lowercase() == address.value.to_lowercase());
        let is_to_be = is_to_be == Some(true);
        if is_it && address.verified != is_to_be {
            let status = if is_to_be { "completed" } else { "pending" };
            let place = format!("/verifiable_addresses/{index}");
            patch.push(json!({ "op": "add", "path": format!("{place}/verified"), "value": is_to_be }));
            patch.push(json!({ "op": "add", "path": format!("{place}/status"), "value": status }));
        }
    }
    patch
}
