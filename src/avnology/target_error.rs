//! Why a target cannot be used, in words for a person.

use std::time::Duration;

use super::{ErrorBody, error_body};
use crate::http::{BaseUrl, ClientError, GaveUp, Reply, ReplyOutcome, shown_request_id};

/// Why a target cannot be used, or cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No client for it can be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The target answered that it does not want us.
    #[error("{target} refused: {reason}; {advice}")]
    Refused {
        /// The base URL.
        target: String,
        /// What the status means, and the target's code.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// It wants to be left alone for longer than anybody wants to wait.
    #[error(
        "{target} asks to be left alone for {seconds} s (HTTP {status}), longer than --max-wait; everything done so far is \
         kept, run the same command again then"
    )]
    AsksToWait {
        /// The base URL.
        target: String,
        /// The status that came with it.
        status: u16,
        /// For how long.
        seconds: u64,
    },
    /// The temporary index of who is at the target cannot be used.
    #[error("the temporary index on disk failed; make room in the directory for temporary files (TMPDIR)")]
    Index(#[from] std::io::Error),
    /// No usable answer.
    #[error("{target} cannot be reached: {reason}; everything done so far is kept, run the same command again later")]
    Unreachable {
        /// The base URL.
        target: String,
        /// The last failure.
        reason: String,
    },
}

impl TargetError {
    /// The error for a reply that was decided as [`Decision::Refused`].
    pub(crate) fn refused(target: &BaseUrl, reply: &Reply) -> Self {
        let status = match reply.outcome {
            ReplyOutcome::Answered { status } => status,
            ReplyOutcome::Unreadable | ReplyOutcome::TooLarge | ReplyOutcome::Failed(_) => {
                return Self::unreachable(target, reply);
            }
        };
        let ErrorBody { code, request_id, .. } = error_body(&reply.body);
        let advice = match status {
            401 => "check the key in AVNOLOGY_SECRET_KEY, then run the same command again",
            402 => "the plan does not allow it; raise it, then run the same command again",
            403 => "the key needs the scopes admin:users:read and admin:users:write",
            407 => "it wants a user name and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
            300..=399 => "redirects are never followed with a key; set --base-url to the API's own address",
            _ => "is --base-url the address of an Avnology ID API?",
        };
        let meaning = match status {
            401 => "the key is not valid".to_owned(),
            402 => "payment required".to_owned(),
            403 => "the key lacks a permission".to_owned(),
            407 => "a proxy on the way".to_owned(),
            300..=399 => format!("a redirect to {}", reply.location.as_deref().unwrap_or("another address")),
            404 => "no such method".to_owned(),
            _ => "the request".to_owned(),
        };
        let code = code.as_deref().and_then(shown_code).map(|code| format!(", {code}")).unwrap_or_default();
        let request_id = request_id.as_deref().and_then(shown_request_id).or(reply.request_id.as_deref());
        let request = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
        Self::Refused {
            target: target.to_string(),
            reason: format!("{meaning} (HTTP {status}{code}{request})"),
            advice,
        }
    }

    /// The error for a single item that was refused for want of a permission.
    pub(crate) fn refused_item(target: &BaseUrl, error: &ErrorBody) -> Self {
        let code = error.code.as_deref().and_then(shown_code).unwrap_or_default();
        Self::Refused {
            target: target.to_string(),
            reason: format!("the key lacks a permission ({code})"),
            advice: "the key needs the scopes admin:users:read and admin:users:write",
        }
    }

    /// The error for a request that was never answered.
    pub(crate) fn gave_up(target: &BaseUrl, GaveUp { reply, asks_to_wait }: &GaveUp) -> Self {
        match asks_to_wait {
            Some(wait) => Self::asks_to_wait(target, reply, *wait),
            None => Self::unreachable(target, reply),
        }
    }

    /// The error for a reply that asks to wait for this long.
    pub(crate) fn asks_to_wait(target: &BaseUrl, reply: &Reply, wait: Duration) -> Self {
        let ReplyOutcome::Answered { status } = reply.outcome else { return Self::unreachable(target, reply) };
        Self::AsksToWait { target: target.to_string(), status, seconds: wait.as_secs() }
    }

    /// The error for a reply after which there is no point in trying again now.
    pub(crate) fn unreachable(target: &BaseUrl, reply: &Reply) -> Self {
        let reason = match reply.outcome {
            ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
            ReplyOutcome::Unreadable => "its answers are not those of an Avnology ID API".to_owned(),
            ReplyOutcome::TooLarge => "its answer about a single user is larger than 8 MiB".to_owned(),
            ReplyOutcome::Failed(transport) => transport.describe(reply.proxy.as_deref(), ADDRESS_OPTION).into_owned(),
        };
        Self::Unreachable { target: target.to_string(), reason }
    }
}

/// The option that holds the target's address.
const ADDRESS_OPTION: &str = "--base-url";

/// The longest code that is shown.
const SHOWN: usize = 64;

/// A code from the target, if it is one: any other text in its place may be what we sent.
fn shown_code(text: &str) -> Option<&str> {
    let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    Some(text).filter(|text| (1..=SHOWN).contains(&text.len()) && text.bytes().all(is_code))
}
