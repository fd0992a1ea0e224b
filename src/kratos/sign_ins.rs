//! How people sign in at an Ory Kratos: the login flow for programs, at its public address.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::destination::{SignInAnswer, SignIns, TargetError};
use crate::http::{
    ClientError, ClientOptions, GaveUp, HttpClient, KeySource, PacedRequests, Reply, ReplyOutcome, Request,
    is_transient, was_not_tried,
};
use crate::ignore::ignore;
use crate::pace::{PaceGate, RetryBudget};

/// Kratos' number for "the password or the identifier is wrong".
const WRONG_CREDENTIALS: u64 = 4_000_006;

/// Signs people in, at one pace.
#[derive(Clone, Debug)]
pub struct KratosSignIns {
    http: HttpClient,
    /// What changes nothing, and is tried again.
    reading: PacedRequests,
    /// What may count as a wrong password.
    trying: PacedRequests,
}

/// A login flow that has begun.
#[derive(Deserialize)]
struct Flow {
    id: String,
}

/// What a flow says when it goes on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FlowAnswer {
    ui: Messages,
    error: FlowError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FlowError {
    reason: String,
}

#[derive(Deserialize)]
struct SignedIn {
    session_token: String,
}

impl KratosSignIns {
    /// Prepares it, for the public address in these options; nothing is sent yet.
    pub fn new(options: &ClientOptions, pace: &Arc<PaceGate>, budget: RetryBudget) -> Result<Self, ClientError> {
        // The token is for the gateway before the admin address.
        let options = ClientOptions { secret_key: None, key_source: KeySource::Given(None), ..options.clone() };
        Ok(Self {
            http: HttpClient::new(&options)?,
            reading: PacedRequests::new(Arc::clone(pace), budget, is_transient),
            trying: PacedRequests::new(Arc::clone(pace), budget, was_not_tried),
        })
    }

    async fn flow(&self) -> Result<Flow, TargetError> {
        let request = as_program(Request::get(self.http.url("self-service/login/api")));
        let read = |reply: &Reply| serde_json::from_slice::<Flow>(&reply.body).ok();
        let reply = self.reading.send(|| self.http.send(request.clone()), |reply| read(reply).is_some()).await;
        let reply = reply.map_err(|given_up| self.gave_up(&given_up))?;
        read(&reply).ok_or_else(|| self.refused(&reply))
    }

    fn answer(&self, reply: &Reply) -> Result<SignInAnswer, TargetError> {
        let said: FlowAnswer = serde_json::from_slice(&reply.body).unwrap_or_default();
        match reply.outcome {
            outcome if outcome.is_success() => Ok(SignInAnswer::SignedIn),
            ReplyOutcome::Answered { status: 400 } => {
                let is_wrong = said.ui.messages.iter().any(|message| message.id == WRONG_CREDENTIALS);
                Ok(if is_wrong { SignInAnswer::WrongCredentials } else { SignInAnswer::Refused })
            }
            ReplyOutcome::Answered { status: 401 } if said.error.reason.contains("disabled") => {
                Ok(SignInAnswer::Disabled)
            }
            // Kratos wants something else of this person: a second factor, or another flow.
            ReplyOutcome::Answered { status: 401 | 403 | 410 | 422 } => Ok(SignInAnswer::Refused),
            outcome if outcome.may_have_been_applied() => Ok(SignInAnswer::Unanswered),
            _ => Err(self.refused(reply)),
        }
    }

    /// Ends the session that a right password began. It does not count: a session ends by itself, too.
    async fn sign_out(&self, reply: &Reply) {
        let Ok(SignedIn { session_token }) = serde_json::from_slice(&reply.body) else { return };
        let body = Bytes::from(json!({ "session_token": session_token }).to_string());
        let request = as_program(Request::delete_named(self.http.url("self-service/logout/api"), body));
        ignore(self.reading.send(|| self.http.send(request.clone()), |_| true).await, "the session ends by itself");
    }

    fn refused(&self, reply: &Reply) -> TargetError {
        let how = match reply.outcome {
            ReplyOutcome::Answered { status } => format!("HTTP {status}"),
            outcome => format!("{outcome:?}"),
        };
        TargetError::Refused {
            target: self.http.base_url().to_string(),
            reason: format!("it has no login flow ({how})"),
            advice: "is --kratos-public-url the public address of Kratos, and not its admin address?",
        }
    }

    fn gave_up(&self, GaveUp { reply, .. }: &GaveUp) -> TargetError {
        let reason = match reply.outcome {
            ReplyOutcome::Failed(transport) => {
                transport.describe(reply.proxy.as_deref(), "--kratos-public-url").into_owned()
            }
            ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
            _ => "its answers are not those of an Ory Kratos".to_owned(),
        };
        TargetError::Unreachable { target: self.http.base_url().to_string(), reason, may_be_of_record: false }
    }

    /// Where a flow goes on. Always here: the answer names an address, too, and a password goes nowhere but where somebody
    /// said.
    fn next(&self, flow: &Flow) -> Url {
        let mut url = self.http.url("self-service/login");
        url.query_pairs_mut().append_pair("flow", &flow.id);
        url
    }
}

/// Without this Kratos redirects, as for a browser.
fn as_program(request: Request) -> Request {
    request.with_header("accept", "application/json")
}

impl SignIns for KratosSignIns {
    fn sign_in<'a>(
        &'a self,
        address: &'a str,
        password: &'a SecretString,
    ) -> BoxFuture<'a, Result<SignInAnswer, TargetError>> {
        Box::pin(async move {
            let next = self.next(&self.flow().await?);
            let body = json!({ "method": "password", "identifier": address, "password": password.expose_secret() });
            let request = as_program(Request::post(next, Bytes::from(body.to_string())).with_answer());
            let is_session = |reply: &Reply| serde_json::from_slice::<SignedIn>(&reply.body).is_ok();
            let reply = self.trying.send(|| self.http.send(request.clone()), is_session).await;
            let reply = reply.map_err(|given_up| self.gave_up(&given_up))?;
            let answer = self.answer(&reply)?;
            if answer == SignInAnswer::SignedIn {
                self.sign_out(&reply).await;
            }
            Ok(answer)
        })
    }
}
