//! How people sign in at an Avnology ID: `POST /v1/sessions`, which its pages name and do not describe.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::error_body::error_body;
use super::errors::{gave_up, refused};
use crate::destination::{SignInAnswer, SignIns, TargetError};
use crate::http::{
    ClientError, ClientOptions, HttpClient, KeySource, PacedRequests, Reply, ReplyOutcome, Request, was_not_tried,
};
use crate::pace::{PaceGate, RetryBudget};

/// Signs people in, at one pace.
#[derive(Clone, Debug)]
pub struct AvnologySignIns {
    http: HttpClient,
    requests: PacedRequests,
}

/// A session, which is all that counts as a sign-in: a gateway may answer 200 to anything.
#[derive(Deserialize)]
struct Session {
    #[serde(rename = "id")]
    _id: String,
}

impl AvnologySignIns {
    /// Prepares it; nothing is sent yet.
    pub fn new(options: &ClientOptions, pace: Arc<PaceGate>, budget: RetryBudget) -> Result<Self, ClientError> {
        // A refused password looks like a refused key. With no source for another key, it is not tried again.
        let options = ClientOptions { key_source: KeySource::Given(None), ..options.clone() };
        Ok(Self { http: HttpClient::new(&options)?, requests: PacedRequests::new(pace, budget, was_not_tried) })
    }

    fn answer(&self, reply: &Reply) -> Result<SignInAnswer, TargetError> {
        let target = self.http.base_url();
        let code = error_body(&reply.body).code.unwrap_or_default();
        match reply.outcome {
            outcome if outcome.is_success() => Ok(SignInAnswer::SignedIn),
            ReplyOutcome::Answered { status: 401 } if code == "AVNOLOGY_AUTH_001" => Ok(SignInAnswer::WrongCredentials),
            ReplyOutcome::Answered { status: 423 } => Ok(SignInAnswer::Disabled),
            ReplyOutcome::Answered { status: 400 | 422 } => Ok(SignInAnswer::Refused),
            ReplyOutcome::Answered { status } if reply.outcome.is_no_method() => Err(TargetError::Refused {
                target: target.to_string(),
                reason: format!("it has no method that signs people in (HTTP {status})"),
                advice: "try a sign-in by hand, at its own page",
            }),
            outcome if outcome.may_have_been_applied() => Ok(SignInAnswer::Unanswered),
            _ => Err(refused(target, reply)),
        }
    }
}

impl SignIns for AvnologySignIns {
    fn sign_in<'a>(
        &'a self,
        address: &'a str,
        password: &'a SecretString,
    ) -> BoxFuture<'a, Result<SignInAnswer, TargetError>> {
        Box::pin(async move {
            let body = serde_json::json!({ "email": address, "password": password.expose_secret() });
            let request = Request::post(self.http.url("v1/sessions"), Bytes::from(body.to_string())).with_answer();
            let is_session = |reply: &Reply| serde_json::from_slice::<Session>(&reply.body).is_ok();
            let reply = self.requests.send(|| self.http.send(request.clone()), is_session).await;
            let reply = reply.map_err(|given_up| gave_up(self.http.base_url(), &given_up))?;
            self.answer(&reply)
        })
    }
}
