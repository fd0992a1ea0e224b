//! Finds out before the first record whether this is a Kratos, and whether its identity schema takes what will be sent.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::KratosOptions;
use super::answer::kratos_error;
use super::errors::{gave_up, refused};
use super::read::read_found;
use super::schema::faults;
use crate::destination::TargetError;
use crate::http::{
    ClientOptions, HttpClient, KeySource, Reply, ReplyOutcome, Request, is_transient, retry_until_answered,
};
use crate::mapping::Rules;
use crate::pace::RetryBudget;

/// What came of a look at the identity schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaCheck {
    /// The schema with this id takes what will be sent.
    Fits(String),
    /// The schemas cannot be read.
    Unread,
}

/// Asks for the first identity, and for external ids if they may be the key.
pub async fn preflight(client: &HttpClient, options: &KratosOptions, patience: Duration) -> Result<(), TargetError> {
    let mut url = client.url("admin/identities");
    url.query_pairs_mut().append_pair("page_size", "1");
    let is_list = |reply: &Reply| read_found(&reply.body, options.key.trait_name()).is_some();
    let listed = answered(client, &Request::get(url), patience, is_list).await?;
    if !listed.outcome.is_success() {
        return Err(refused(client.base_url(), &listed));
    }
    if options.key.is_to_be_asked() {
        let has_external_ids = has_external_ids(client, patience).await?;
        tracing::info!(has_external_ids, "Kratos was asked for external ids");
        if !options.key.settle(has_external_ids) {
            let reason = "it has no external ids, which Kratos has since v25.4.0".to_owned();
            let advice = "leave `--kratos-key native` out, or set it to `auto`: users are then known by a trait";
            return Err(TargetError::Refused { target: client.base_url().to_string(), reason, advice });
        }
    }
    Ok(())
}

/// Looks whether the identity schema takes what these rules make of users. [`preflight`] comes before it, since it settles the key.
pub async fn check_schema(
    client: &HttpClient,
    client_options: &ClientOptions,
    options: &KratosOptions,
    rules: &Rules,
    patience: Duration,
) -> Result<SchemaCheck, TargetError> {
    let Some(schemas) = schemas(client, client_options, patience).await? else { return Ok(SchemaCheck::Unread) };
    let fault = |reason: String, advice| TargetError::Refused { target: client.base_url().to_string(), reason, advice };
    let names = || schemas.iter().map(|schema| format!("`{}`", schema.id)).collect::<Vec<_>>().join(", ");
    let schema = match &options.schema {
        Some(id) => schemas.iter().find(|schema| schema.id == *id),
        None if schemas.len() == 1 => schemas.first(),
        None => {
            let reason = format!("it has several identity schemas ({})", names());
            return Err(fault(reason, "say with --kratos-schema which one the users get"));
        }
    };
    let Some(schema) = schema else {
        let reason = format!("it has no identity schema of this id; it has {}", names());
        return Err(fault(reason, "name one of them with --kratos-schema"));
    };
    let faults = faults(&schema.schema, rules, options);
    if faults.is_empty() {
        return Ok(SchemaCheck::Fits(schema.id.clone()));
    }
    let reason = format!("its identity schema `{}` does not take what would be sent: {}", schema.id, faults.join("; "));
    Err(fault(reason, "change the schema, then run the same command again"))
}

/// Whether it has external ids. Only a Kratos that has them says itself that it has no identity with this one; no version number
/// says it, because builds of one's own have none.
async fn has_external_ids(client: &HttpClient, patience: Duration) -> Result<bool, TargetError> {
    let request = Request::get(client.url("admin/identities/by/external/avnology_migrate"));
    let reply = answered(client, &request, patience, |_| true).await?;
    Ok(match reply.outcome {
        ReplyOutcome::Answered { status: 404 } => kratos_error(&reply.body).is_some_and(|error| error.code == 404),
        outcome => outcome.is_success(),
    })
}

/// One identity schema.
#[derive(Deserialize)]
struct IdentitySchema {
    id: String,
    schema: Value,
}

/// All identity schemas. Kratos has them at its public address, and its admin address says where that is: they are asked for
/// there without the key, and nothing of anybody is sent.
async fn schemas(
    client: &HttpClient,
    options: &ClientOptions,
    patience: Duration,
) -> Result<Option<Vec<IdentitySchema>>, TargetError> {
    let mut client = client.clone();
    // First to `/admin/schemas`, then to the public address.
    for path in ["admin/schemas", "schemas"] {
        let reply = answered(&client, &Request::get(client.url(path)), patience, |_| true).await?;
        if reply.outcome.is_success() {
            return Ok(serde_json::from_slice(&reply.body).ok());
        }
        let ReplyOutcome::Answered { status: 300..=399 } = reply.outcome else { return Ok(None) };
        let Some(base_url) = reply.location.as_ref().and_then(origin) else { return Ok(None) };
        let elsewhere =
            ClientOptions { base_url, secret_key: None, key_source: KeySource::Given(None), ..options.clone() };
        client = HttpClient::new(&elsewhere)?;
    }
    Ok(None)
}

/// The base of an address, without its path, if it is one that may be asked.
fn origin(url: &Url) -> Option<crate::http::BaseUrl> {
    let path = url.path().strip_suffix("/schemas")?;
    let mut base = url.clone();
    base.set_path(path);
    base.set_query(None);
    base.as_str().parse().ok()
}

async fn answered(
    client: &HttpClient,
    request: &Request,
    patience: Duration,
    acceptable: impl Fn(&Reply) -> bool,
) -> Result<Reply, TargetError> {
    let send = || client.send(request.clone());
    let answered = retry_until_answered(&budget(patience), is_transient, send, acceptable).await;
    answered.map_err(|given_up| gave_up(client.base_url(), &given_up))
}

/// How often and how long a request of the preflight is tried.
const fn budget(patience: Duration) -> RetryBudget {
    RetryBudget { attempts: 6, total: patience, base: Duration::from_millis(200), longest: Duration::from_secs(10) }
}
