//! What a target says to everybody who checks its tokens.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Client;
use super::errors::refused;
use super::probe::budget;
use crate::destination::TargetError;
use crate::http::{Reply, ReplyOutcome};

/// Where the keys are, by the guide.
const KEYS: &str = ".well-known/jwks.json";

/// Where an issuer describes itself, by `OpenID` Connect Discovery. Whether a target has it is not documented.
const DISCOVERY: &str = ".well-known/openid-configuration";

/// What a target says to everybody who checks its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicDocuments {
    /// How many keys it gives; nothing if it has no such document.
    pub keys: Option<usize>,
    /// What it calls itself in tokens; nothing if it does not describe itself.
    pub issuer: Option<String>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

impl PublicDocuments {
    /// Asks for them.
    ///
    /// # Errors
    /// If the target does not answer within `patience`, or answers something else.
    pub async fn read(client: &Client, patience: Duration) -> Result<Self, TargetError> {
        let keys = document(client, KEYS, patience, |body| serde_json::from_slice::<Keys>(body).ok()).await?;
        let discovery =
            document(client, DISCOVERY, patience, |body| serde_json::from_slice::<Discovery>(body).ok()).await?;
        Ok(Self { keys: keys.map(|keys| keys.keys.len()), issuer: discovery.map(|discovery| discovery.issuer) })
    }
}

/// A document; nothing if there is none.
async fn document<T>(
    client: &Client,
    path: &str,
    patience: Duration,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, TargetError> {
    let is_right = |reply: &Reply| read(&reply.body).is_some();
    let reply = client.until_answered(&budget(patience), || client.public(path), is_right).await?;
    match reply.outcome {
        outcome if outcome.is_no_method() => Ok(None),
        ReplyOutcome::Answered { status: 200..=299 } => Ok(read(&reply.body)),
        _ => Err(refused(client.base_url(), &reply)),
    }
}
