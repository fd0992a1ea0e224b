//! Clerk's events, and what the target has in their place.

use crate::tenant_plan::Verdict;

/// An event of Clerk's, or a family of them whose name ends in `.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClerkEvent {
    /// Its name at Clerk.
    pub name: &'static str,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The target's events in its place.
    pub at_target: &'static [&'static str],
    /// Why, in one sentence.
    pub why: &'static str,
}

const SDK_ONLY: &str = "Only the list of the target's SDK names it: look whether it comes.";
const NO_SESSION: &str = "The target has no such event of a session.";
const NO_ORGANIZATION: &str = "No page of the target names such an event.";
const SENDS_ITSELF: &str =
    "The target sends its own messages: what sends them by this event today has to move to them.";
const NO_BILLING: &str = "The target has no billing and no wait list.";

const fn moved(name: &'static str, at_target: &'static [&'static str], why: &'static str) -> ClerkEvent {
    ClerkEvent { name, verdict: Verdict::Moved, at_target, why }
}

const fn check(name: &'static str, at_target: &'static [&'static str], why: &'static str) -> ClerkEvent {
    ClerkEvent { name, verdict: Verdict::Check, at_target, why }
}

const fn none(name: &'static str, why: &'static str) -> ClerkEvent {
    ClerkEvent { name, verdict: Verdict::CannotMove, at_target: &[], why }
}

/// All of them, in the order of their names.
const EVENTS: &[ClerkEvent] = &[
    none("email.created", SENDS_ITSELF),
    check("organization.created", &["organization.created"], SDK_ONLY),
    none("organization.deleted", NO_ORGANIZATION),
    check("organization.updated", &["organization.updated"], SDK_ONLY),
    none("organizationDomain.*", NO_ORGANIZATION),
    none("organizationInvitation.*", NO_ORGANIZATION),
    check(
        "organizationMembership.created",
        &["organization.member.added"],
        "Only the list of the target's SDK names it, and no page says that both mean the same: look whether it comes, and when.",
    ),
    check(
        "organizationMembership.deleted",
        &["organization.member.removed"],
        "Only the list of the target's SDK names it, and no page says that both mean the same: look whether it comes, and when.",
    ),
    none(
        "organizationMembership.updated",
        "The target names no event for the new role of a member; it has events of permissions, which are not documented.",
    ),
    none("paymentAttempt.*", NO_BILLING),
    none("permission.*", NO_ORGANIZATION),
    none("role.*", NO_ORGANIZATION),
    check("session.created", &["session.created"], SDK_ONLY),
    none("session.ended", NO_SESSION),
    none("session.pending", NO_SESSION),
    none("session.removed", NO_SESSION),
    check("session.revoked", &["session.revoked"], SDK_ONLY),
    none("sms.created", SENDS_ITSELF),
    none("subscription.*", NO_BILLING),
    none("subscriptionItem.*", NO_BILLING),
    moved(
        "user.created",
        &["user.created"],
        "Both have it; the payload has other members (`event_type` and `payload`).",
    ),
    check(
        "user.deleted",
        &["user.deleted"],
        "Clerk deletes at once. The target also has user.deletion_scheduled, 30 days before, and user.deletion_cancelled: \
         decide which of them means gone.",
    ),
    check(
        "user.updated",
        &[
            "user.updated",
            "user.disabled",
            "user.enabled",
            "user.email_verified",
            "user.phone_verified",
            "user.password_changed",
            "user.mfa_enrolled",
            "user.mfa_removed",
        ],
        "What Clerk says by one event, the target says by several: of bans, verified addresses, passwords and second factors.",
    ),
    none("waitlistEntry.*", NO_BILLING),
];

impl ClerkEvent {
    /// All that there are.
    pub fn all() -> &'static [Self] {
        EVENTS
    }

    /// The event of this name. The guide writes `clerk.` before names, Clerk itself does not.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = Self::plain(name);
        let is_it = |event: &&Self| match event.name.strip_suffix('*') {
            Some(family) => name == event.name || name.starts_with(family),
            None => name == event.name,
        };
        EVENTS.iter().find(is_it)
    }

    /// A name as Clerk itself writes it.
    pub fn plain(name: &str) -> &str {
        name.strip_prefix("clerk.").unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_a_sentence_and_something_at_the_target_unless_it_cannot_move() {
        assert!(EVENTS.is_sorted_by_key(|event| event.name));
        for event in EVENTS {
            assert!(event.why.ends_with('.') || event.why.ends_with(")."), "{event:?}");
            assert_eq!(event.at_target.is_empty(), event.verdict == Verdict::CannotMove, "{event:?}");
        }
    }

    #[test]
    fn names_are_found_as_the_guide_and_as_clerk_write_them() {
        for (name, found) in [
            ("user.created", Some("user.created")),
            ("clerk.user.created", Some("user.created")),
            ("subscriptionItem.pastDue", Some("subscriptionItem.*")),
            ("subscription.active", Some("subscription.*")),
            ("role.updated", Some("role.*")),
            ("user.flew", None),
            ("roles.updated", None),
            ("", None),
        ] {
            assert_eq!(ClerkEvent::find(name).map(|event| event.name), found, "{name}");
        }
    }
}
