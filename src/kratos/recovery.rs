//! Ways back in for users whose password could not move.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::KratosCalls;
use super::answer::kratos_error;
use super::errors::refused;
use crate::destination::TargetError;
use crate::http::{Reply, ReplyOutcome, Request};

/// A link to the page on which a user sets a new password. There is no `Debug`: who has it has the account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Where the user goes.
    #[serde(rename = "recovery_link")]
    pub link: String,
    /// The code that has to be typed there, if Kratos works with codes.
    #[serde(rename = "recovery_code", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Until when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// How Kratos lets users back in: with a code or with a link, as its configuration says.
const METHODS: [&str; 2] = ["admin/recovery/code", "admin/recovery/link"];

impl KratosCalls {
    /// Makes a way back in for the identity with this id, for this many hours. Nothing if there is no such identity any more.
    pub async fn recovery(&self, id: &str, hours: u32) -> Result<Option<Recovery>, TargetError> {
        let body = serde_json::json!({ "identity_id": id, "expires_in": format!("{hours}h") });
        let body = Bytes::from(body.to_string());
        let read = |reply: &Reply| serde_json::from_slice::<Recovery>(&reply.body).ok();
        let mut disabled = None;
        for method in METHODS {
            let request = Request::post(self.http.url(method), body.clone()).with_answer();
            let reply = self.retried(&request, |reply| read(reply).is_some()).await?;
            if let (true, Some(recovery)) = (reply.outcome.is_success(), read(&reply)) {
                return Ok(Some(recovery));
            }
            let is_own_word = kratos_error(&reply.body).is_some_and(|error| error.code == 404);
            match reply.outcome {
                // Either there is no such identity, or the method is off.
                ReplyOutcome::Answered { status: 404 } if is_own_word => {
                    if self.read_by_id(id).await?.is_none() {
                        return Ok(None);
                    }
                    disabled = Some(reply);
                }
                _ => return Err(refused(self.target(), &reply)),
            }
        }
        let request = disabled.and_then(|reply| reply.request_id).map(|id| format!(" (request {id})"));
        Err(TargetError::Refused {
            target: self.target().to_string(),
            reason: format!("it makes no recovery links and no recovery codes{}", request.unwrap_or_default()),
            advice: "enable the recovery flow and the method `code` or `link` in its configuration, then run the same command \
                     again",
        })
    }
}
