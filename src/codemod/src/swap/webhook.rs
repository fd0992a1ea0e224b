//! A handler of webhooks: what it reads, and what is known of the other side.

use crate::code::Code;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::syntax::WebhookFacts;

/// The entry of a handler, if the file has one of Clerk's.
pub(super) fn handler(facts: &WebhookFacts, is_clerks: bool, variables: &[String]) -> Option<Found> {
    if facts.verifications.is_empty() || !is_clerks {
        return None;
    }
    let mut details = Vec::new();
    let headers = if facts.headers.is_empty() {
        "svix-id, svix-timestamp, svix-signature".to_owned()
    } else {
        facts.headers.join(", ")
    };
    details.push(format!("headers: {headers}; at the target X-Avnology-Signature and X-Avnology-Timestamp"));
    details.push(
        "verification: verifyRequest of @avnology/backend; its arguments and its result are not documented".to_owned(),
    );
    details.extend(
        variables
            .iter()
            .map(|name| format!("secret: {name}; the target makes a new secret when an endpoint is registered")),
    );
    details.extend(facts.events.iter().map(|event| match event_equivalent(event) {
        Some((same, note)) => format!("event {event}: {same}{note}"),
        None => format!("event {event}: none"),
    }));
    if !facts.events.is_empty() {
        details.push("envelope: `type` and `data` here; `event_type` and `payload` at the target".to_owned());
    }
    details.extend(
        facts.fields.iter().map(|field| format!("reads data.{field}; the payload's fields are not documented")),
    );
    let found =
        Found::new(Kind::Webhook, Code::WebhookHandler, Action::Left, "webhook handler", facts.verifications.clone());
    Some(found.with(details))
}

/// The target's event, and what is different about it.
fn event_equivalent(event: &str) -> Option<(&'static str, &'static str)> {
    Some(match event {
        "user.created" => ("user.created", ""),
        "user.updated" => ("user.updated", " (banned and locked users: user.disabled, user.enabled)"),
        "user.deleted" => ("user.deleted", " (deletion has 30 days of grace: see user.deletion_scheduled)"),
        "session.created" => ("session.created", " (named by the SDK's page only)"),
        "session.revoked" => ("session.revoked", " (named by the SDK's page only)"),
        "organization.created" => ("organization.created", " (named by the SDK's page only)"),
        "organization.updated" => ("organization.updated", " (named by the SDK's page only)"),
        "organizationMembership.created" => ("organization.member.added", " (no page says that they mean the same)"),
        "organizationMembership.deleted" => ("organization.member.removed", " (no page says that they mean the same)"),
        _ => return None,
    })
}
