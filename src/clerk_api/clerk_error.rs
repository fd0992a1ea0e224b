//! Why Clerk's API cannot be used, in words for a person.

use super::ApiRefusal;
use crate::http::{BaseUrl, ClientError, GaveUp, Reply, ReplyOutcome};

/// What holds the address, for messages.
const ADDRESS_OPTION: &str = "--clerk-url";

/// Why the API cannot be used, or cannot be used any longer. No error repeats anything of an answer but Clerk's own codes.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    /// No client can be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The API answered that it does not let us in.
    #[error("{api} refused: {reason}; {advice}")]
    Refused {
        /// The address.
        api: String,
        /// What the answer means.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// It wants to be left alone for longer than anybody wants to wait.
    #[error(
        "{api} asks to be left alone for {seconds} s, longer than --max-wait; what was exported so far is kept, run the same \
         command again then"
    )]
    AsksToWait {
        /// The address.
        api: String,
        /// For how long.
        seconds: u64,
    },
    /// No usable answer.
    #[error("{api} cannot be used: {reason}; what was exported so far is kept, run the same command again later")]
    Unreachable {
        /// The address.
        api: String,
        /// The last failure.
        reason: String,
    },
}

impl ClerkError {
    pub(super) fn refused(api: &BaseUrl, refusal: &ApiRefusal) -> Self {
        let (meaning, advice) = match refusal.status {
            401 => ("the key is not valid", "check the key in CLERK_SECRET_KEY, then run the same command again"),
            402 => ("the plan of the instance does not have it", "leave it out with --only"),
            403 => ("the key may not do that", "it needs to be a secret key of the instance (sk_live_… or sk_test_…)"),
            407 => (
                "a proxy on the way",
                "it wants a user name and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
            ),
            300..=399 => {
                ("it redirects", "redirects are never followed with a key; set --clerk-url to the API's own address")
            }
            404 => ("there is no such path", "is --clerk-url the address of Clerk's Backend API?"),
            _ => ("the request", "is --clerk-url the address of Clerk's Backend API?"),
        };
        Self::Refused { api: api.to_string(), reason: format!("{meaning} ({})", refusal.describe()), advice }
    }

    /// The error of a question that was never answered.
    pub(super) fn gave_up(api: &BaseUrl, gave_up: &GaveUp) -> Self {
        match gave_up.asks_to_wait {
            Some(wait) => Self::AsksToWait { api: api.to_string(), seconds: wait.as_secs() },
            None => Self::unreachable(api, &gave_up.reply),
        }
    }

    /// The error of a reply after which there is no point in asking again now.
    pub(super) fn unreachable(api: &BaseUrl, reply: &Reply) -> Self {
        let reason = match reply.outcome {
            ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
            ReplyOutcome::Unreadable => "its answers are not those of Clerk's Backend API".to_owned(),
            ReplyOutcome::TooLarge => "an answer is larger than 8 MiB".to_owned(),
            ReplyOutcome::Failed(transport) => transport.describe(reply.proxy.as_deref(), ADDRESS_OPTION).into_owned(),
        };
        Self::Unreachable { api: api.to_string(), reason }
    }
}
