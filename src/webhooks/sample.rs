//! A sample of an event, to try a handler with.

use jiff::Timestamp;
use serde_json::json;

use super::Scheme;

/// A sample of an event. The person in it does not exist.
#[derive(Clone, Debug)]
pub struct SampleEvent {
    /// The id of the delivery.
    pub id: String,
    /// The body of a delivery.
    pub body: Vec<u8>,
    /// The sample with another person in it.
    pub falsified: Vec<u8>,
}

/// The address in a sample. Nobody can have it.
const ADDRESS: &str = "sample@example.invalid";

/// The address that a falsified sample has in its place.
const OTHER_ADDRESS: &str = "forged@example.invalid";

impl SampleEvent {
    /// A sample of this event as of now, in the form of those who sign by this scheme.
    pub fn new(scheme: Scheme, event: &str, now: Timestamp) -> Self {
        let id = uuid::Uuid::new_v4();
        let body = |address: &str| match scheme {
            Scheme::Avnology => json!({
                "event_id": format!("evt_{id}"), "event_type": event, "timestamp": now.to_string(), "schema_version": "1",
                "actor_id": null, "actor_type": "system", "organization_id": null,
                "payload": {"id": "usr_00000000-0000-0000-0000-000000000000", "email": address},
            }),
            Scheme::Clerk => json!({
                "type": event, "object": "event", "timestamp": now.as_millisecond(), "instance_id": "ins_sample",
                "data": {"id": "user_sample", "email_addresses": [{"email_address": address}]},
            }),
        };
        Self {
            id: format!("msg_{}", id.simple()),
            body: body(ADDRESS).to_string().into_bytes(),
            falsified: body(OTHER_ADDRESS).to_string().into_bytes(),
        }
    }
}
