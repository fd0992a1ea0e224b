//! What Hydra's refusals and failures mean, in words for a person.

use serde::Deserialize;

use crate::destination::TargetError;
use crate::http::{BaseUrl, GaveUp, Reply, ReplyOutcome};

/// The option that holds the target's address.
const ADDRESS_OPTION: &str = "--hydra-admin-url";

/// The error for a reply that says that the target does not let us in.
pub(super) fn refused(target: &BaseUrl, reply: &Reply) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let (meaning, advice) = match status {
        401 | 403 => (
            "the gateway before Hydra wants another token",
            "check AVNOLOGY_HYDRA_TOKEN, then run the same command again",
        ),
        300..=399 => {
            ("it redirects", "set --hydra-admin-url to the admin address of Hydra itself, as in http://127.0.0.1:4445")
        }
        404 | 405 => ("no such method", "is --hydra-admin-url the admin address of Hydra, and not its public one?"),
        _ => ("the request", "is --hydra-admin-url the admin address of an Ory Hydra?"),
    };
    let request = reply.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
    TargetError::Refused { target: target.to_string(), reason: format!("{meaning} (HTTP {status}{request})"), advice }
}

/// The error for a request that was never answered.
pub(super) fn gave_up(target: &BaseUrl, GaveUp { reply, asks_to_wait }: &GaveUp) -> TargetError {
    match (asks_to_wait, reply.outcome) {
        (Some(wait), ReplyOutcome::Answered { status }) => {
            let answer = format!("HTTP {status}");
            TargetError::AsksToWait { target: target.to_string(), answer, seconds: wait.as_secs() }
        }
        _ => unreachable(target, reply),
    }
}

fn unreachable(target: &BaseUrl, reply: &Reply) -> TargetError {
    let reason = match reply.outcome {
        ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
        ReplyOutcome::Unreadable => "its answers are not those of an Ory Hydra".to_owned(),
        ReplyOutcome::TooLarge => "its answer about a few clients is larger than 8 MiB".to_owned(),
        ReplyOutcome::Failed(transport) => transport.describe(reply.proxy.as_deref(), ADDRESS_OPTION).into_owned(),
    };
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

/// The error of a list that comes to no end.
pub(super) fn endless_list(target: &BaseUrl) -> TargetError {
    let reason = "its list of clients gives the same page again and again".to_owned();
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

/// What Hydra says is wrong with a client: its code alone, for its sentence may repeat what was sent.
pub(super) fn reason(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Flat {
        error: String,
    }
    let is_code =
        |code: &String| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let code = serde_json::from_slice::<Flat>(body).ok().map(|flat| flat.error).filter(is_code);
    code.unwrap_or_else(|| "it says no more".to_owned())
}

/// Whether an answer is Hydra's own word that there is no such client. A gateway with nothing behind it says 404 as well.
pub(super) fn is_own_word(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Said {
        #[serde(rename = "error")]
        _error: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Said>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_code_is_repeated_of_what_it_says() {
        assert_eq!(
            reason(br#"{"error":"invalid_client_metadata","error_description":"x"}"#),
            "invalid_client_metadata"
        );
        for other in
            [&b"<html>"[..], br#"{"error":"The client secret s3cret is too short"}"#, br#"{"error":{"code":400}}"#]
        {
            assert_eq!(reason(other), "it says no more");
        }
    }
}
