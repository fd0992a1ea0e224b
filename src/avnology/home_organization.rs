//! The organization that all users of an import go into.
//!
//! Documented: `GET /v1/organizations/{id}`, the list, `POST /v1/organizations`, and `organization_id` of an identity. Assumed: the
//! list's filter by `name` (a target that ignores it is gone through page by page), `admin_metadata` of an organization,
//! where a run puts its mark on one that it makes, and `DELETE /v1/organizations/{id}`, which is refused while it has members.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::{endless_list, no_organization, refused_organization};
use super::{Client, Meaning, meaning_of};
use crate::destination::TargetError;
use crate::http::{RepeatingList, Reply, ReplyOutcome};
use crate::mapping::MARK;
use crate::pace::RetryBudget;

/// What the ids of organizations begin with at the target.
const ID_PREFIX: &str = "org_";

/// An organization that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeOrganization {
    /// The target's id of it.
    pub id: String,
    /// The run that made it, if one did.
    pub made_by: Option<String>,
}

/// An organization as answers show it.
#[derive(Deserialize)]
struct Shown {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    admin_metadata: Option<Value>,
}

impl From<Shown> for HomeOrganization {
    fn from(Shown { id, admin_metadata, .. }: Shown) -> Self {
        let made_by = admin_metadata.and_then(|metadata| Some(metadata.get(MARK)?.get("run")?.as_str()?.to_owned()));
        Self { id, made_by }
    }
}

/// Finds the organization with this id or name.
pub async fn find_organization(
    client: &Client,
    budget: &RetryBudget,
    wanted: &str,
) -> Result<Option<HomeOrganization>, TargetError> {
    if !wanted.starts_with(ID_PREFIX) {
        return find_by_name(client, budget, wanted).await;
    }
    let acceptable = |reply: &Reply| read::<Shown>(reply).is_some_and(|shown| shown.id == wanted);
    let reply = client.until_answered(budget, || client.organization(wanted), acceptable).await?;
    if is_status(&reply, 404) {
        return Ok(None);
    }
    done(client, &reply)?;
    Ok(read::<Shown>(&reply).map(HomeOrganization::from))
}

/// The organization; an error if there is none.
pub async fn need_organization(
    client: &Client,
    budget: &RetryBudget,
    wanted: &str,
) -> Result<HomeOrganization, TargetError> {
    let found = find_organization(client, budget, wanted).await?;
    found.ok_or_else(|| no_organization(client.base_url(), "there is no such organization"))
}

/// Finds the organization of this name, or makes it with the mark of a run. Nobody has it twice: the same run sends the same
/// request under the same key.
pub async fn ensure_organization(
    client: &Client,
    budget: &RetryBudget,
    wanted: &str,
    run: &str,
) -> Result<HomeOrganization, TargetError> {
    if let Some(found) = check_organization(client, budget, wanted).await? {
        return Ok(found);
    }
    let body = json!({ "name": wanted, "display_name": wanted, "admin_metadata": { MARK: { "run": run } } });
    let (body, key) = (Bytes::from(body.to_string()), format!("organization-{run}"));
    let acceptable = |reply: &Reply| read::<Shown>(reply).is_some();
    let reply = client.until_answered(budget, || client.create_organization(body.clone(), &key), acceptable).await?;
    // Somebody else may have made it meanwhile, or it may have been made before an answer was lost.
    if !is_status(&reply, 409) {
        done(client, &reply)?;
    }
    need_organization(client, budget, wanted).await
}

/// The organization that [`ensure_organization`] would find; nothing if it would make it. One with an id of its own cannot be made.
pub async fn check_organization(
    client: &Client,
    budget: &RetryBudget,
    wanted: &str,
) -> Result<Option<HomeOrganization>, TargetError> {
    let found = find_organization(client, budget, wanted).await?;
    if found.is_none() && wanted.starts_with(ID_PREFIX) {
        let reason = "there is no organization with this id, and ids are given by the target";
        return Err(no_organization(client.base_url(), reason));
    }
    Ok(found)
}

/// Deletes an organization; false if the target keeps it, for somebody belongs to it. One that is gone is deleted.
pub async fn delete_organization(client: &Client, budget: &RetryBudget, id: &str) -> Result<bool, TargetError> {
    let reply = client.until_answered(budget, || client.delete_organization(id), |_| true).await?;
    if is_status(&reply, 409) {
        return Ok(false);
    }
    if !is_status(&reply, 404) {
        done(client, &reply)?;
    }
    Ok(true)
}

async fn find_by_name(
    client: &Client,
    budget: &RetryBudget,
    name: &str,
) -> Result<Option<HomeOrganization>, TargetError> {
    #[derive(Deserialize)]
    struct List {
        organizations: Vec<Shown>,
        #[serde(default)]
        next_page_token: Option<String>,
    }
    let (mut token, mut cycle) = (None::<String>, RepeatingList::default());
    loop {
        let acceptable = |reply: &Reply| read::<List>(reply).is_some();
        let ask = || client.organizations(name, token.as_deref());
        let reply = client.until_answered(budget, ask, acceptable).await?;
        done(client, &reply)?;
        let Some(List { organizations, next_page_token }) = read(&reply) else { return Ok(None) };
        let found = organizations.into_iter().find(|organization| organization.name.as_deref() == Some(name));
        if let Some(found) = found {
            return Ok(Some(found.into()));
        }
        let Some(next) = next_page_token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if cycle.closes_with(&next) {
            return Err(endless_list(client.base_url(), "organizations"));
        }
        token = Some(next);
    }
}

fn read<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    serde_json::from_slice(&reply.body).ok()
}

fn is_status(reply: &Reply, wanted: u16) -> bool {
    reply.outcome == ReplyOutcome::Answered { status: wanted }
}

fn done(client: &Client, reply: &Reply) -> Result<(), TargetError> {
    match meaning_of(reply.outcome) {
        Meaning::Done => Ok(()),
        _ => Err(refused_organization(client.base_url(), reply)),
    }
}
