//! What the target's refusals and failures mean, in words for a person.

use std::time::Duration;

use url::Url;

use super::error_body::{ErrorBody, error_body};
use super::item_error::NO_ORGANIZATION;
use crate::destination::{ItemError, TargetError};
use crate::http::{BaseUrl, GaveUp, Reply, ReplyOutcome, shown_request_id};
use crate::kind::Kind;

/// The option that holds the target's address.
const ADDRESS_OPTION: &str = "--base-url";

/// What to do about a key that lacks a permission.
const SCOPES: &str = "the key needs the scopes admin:users:read and admin:users:write; for organizations admin:orgs:read and \
                      admin:orgs:write, for roles admin:permissions:read and admin:permissions:write, too";

/// The scopes that a key needs for records of a kind.
const fn scopes_of(kind: Kind) -> &'static str {
    match kind {
        Kind::User => SCOPES,
        Kind::Organization | Kind::Membership | Kind::Invitation => {
            "the key needs the scopes admin:orgs:read and admin:orgs:write"
        }
        Kind::RoleTuple => "the key needs the scopes admin:permissions:read and admin:permissions:write",
    }
}

/// The error for a reply about records of a kind that says that the target does not let us in.
pub(super) fn refused_kind(target: &BaseUrl, reply: &Reply, kind: Kind) -> TargetError {
    match refused(target, reply) {
        TargetError::Refused { target, reason, .. } if reply.outcome == (ReplyOutcome::Answered { status: 403 }) => {
            TargetError::Refused { target, reason, advice: scopes_of(kind) }
        }
        other => other,
    }
}

/// The error for a reply that says that the target does not let us in.
pub(super) fn refused(target: &BaseUrl, reply: &Reply) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let ErrorBody { code, request_id, .. } = error_body(&reply.body);
    let advice = match status {
        401 => "check the key in AVNOLOGY_SECRET_KEY, then run the same command again",
        402 => "the plan does not allow it; raise it, then run the same command again",
        403 => SCOPES,
        407 => "it wants a user name and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
        300..=399 => "redirects are never followed with a key; set --base-url to the API's own address",
        _ => "is --base-url the address of an Avnology ID API?",
    };
    let meaning = match status {
        401 => "the key is not valid".to_owned(),
        402 => "payment required".to_owned(),
        403 => "the key lacks a permission".to_owned(),
        407 => "a proxy on the way".to_owned(),
        300..=399 => {
            format!("a redirect to {}", reply.location.as_ref().and_then(Url::host_str).unwrap_or("another address"))
        }
        404 => "no such method".to_owned(),
        _ => "the request".to_owned(),
    };
    let code = code.as_deref().and_then(shown_code).map(|code| format!(", {code}")).unwrap_or_default();
    let request_id = request_id.as_deref().and_then(shown_request_id).or(reply.request_id.as_deref());
    let request = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
    let reason = format!("{meaning} (HTTP {status}{code}{request})");
    TargetError::Refused { target: target.to_string(), reason, advice }
}

/// The error for a single item that was refused for want of a permission.
pub(super) fn no_access_error(target: &BaseUrl, error: &ItemError) -> TargetError {
    let code = error.code.as_deref().and_then(shown_code).unwrap_or_default();
    if code == NO_ORGANIZATION {
        return no_organization(target, "the organization of the import is gone");
    }
    let reason = format!("the key lacks a permission ({code})");
    TargetError::Refused { target: target.to_string(), reason, advice: SCOPES }
}

/// The error of an import into an organization that is not there.
pub(super) fn no_organization(target: &BaseUrl, reason: &str) -> TargetError {
    let advice = "name one that exists with --organization, or have it made with --create-organization";
    TargetError::Refused { target: target.to_string(), reason: reason.to_owned(), advice }
}

/// The error for a request about organizations that the target refused.
pub(super) fn refused_organization(target: &BaseUrl, reply: &Reply) -> TargetError {
    match refused(target, reply) {
        TargetError::Refused { target, reason, .. } if reply.outcome == (ReplyOutcome::Answered { status: 403 }) => {
            let advice = "--organization needs the scope admin:orgs:read, --create-organization admin:orgs:write, too";
            TargetError::Refused { target, reason, advice }
        }
        other => other,
    }
}

/// The error for a request about OAuth clients that the target refused.
pub(super) fn refused_clients(target: &BaseUrl, reply: &Reply) -> TargetError {
    match refused(target, reply) {
        TargetError::Refused { target, reason, .. } if reply.outcome == (ReplyOutcome::Answered { status: 403 }) => {
            let advice = "the key needs the scopes admin:oauth-clients:read and admin:oauth-clients:write";
            TargetError::Refused { target, reason, advice }
        }
        other => other,
    }
}

/// The error for a request that was never answered.
pub(super) fn gave_up(target: &BaseUrl, GaveUp { reply, asks_to_wait }: &GaveUp) -> TargetError {
    match asks_to_wait {
        Some(wait) => self::asks_to_wait(target, reply, *wait),
        None => unreachable(target, reply),
    }
}

/// The error for a reply that asks to wait for this long.
pub(super) fn asks_to_wait(target: &BaseUrl, reply: &Reply, wait: Duration) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let answer = format!("HTTP {status}");
    TargetError::AsksToWait { target: target.to_string(), answer, seconds: wait.as_secs() }
}

/// The error for a reply after which there is no point in trying again now.
pub(super) fn unreachable(target: &BaseUrl, reply: &Reply) -> TargetError {
    let reason = match reply.outcome {
        ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
        ReplyOutcome::Unreadable => "its answers are not those of an Avnology ID API".to_owned(),
        ReplyOutcome::TooLarge => "its answer is larger than 8 MiB, although little was asked for".to_owned(),
        ReplyOutcome::Failed(transport) => transport.describe(reply.proxy.as_deref(), ADDRESS_OPTION).into_owned(),
    };
    let may_be_of_record = reply.outcome.may_come_from_content();
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record }
}

/// The error of a target whose list of these things comes to no end.
pub(super) fn endless_list(target: &BaseUrl, things: &str) -> TargetError {
    let reason = format!("its list of {things} gives the same page again and again");
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

/// The longest code that is shown.
const SHOWN: usize = 64;

/// A code from the target, if it is one: any other text in its place may be what we sent.
fn shown_code(text: &str) -> Option<&str> {
    let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    Some(text).filter(|text| (1..=SHOWN).contains(&text.len()) && text.bytes().all(is_code))
}
