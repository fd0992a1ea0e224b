//! What the methods on members do.

use std::borrow::Cow;

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::method::MemberMethod;
use super::stored::{SELECT, StoredMember, answer};
use super::table::{Added, NewMember, add, check, remove, update};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::batch::{SandboxItemResult, each, each_request};
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::list_page::page;
use crate::sandbox::organizations;

/// What callers say about a member. What the path says is not in the body.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MemberFields<'a> {
    #[serde(borrow)]
    organization_id: Cow<'a, str>,
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    #[serde(borrow)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

impl MemberFields<'_> {
    fn metadata(&self) -> Option<&str> {
        self.metadata.map(RawValue::get)
    }

    /// The new membership of this organization.
    fn of<'s>(&'s self, organization: &'s str) -> Result<NewMember<'s>, ApiError> {
        let role = self.role.as_deref().ok_or_else(|| ApiError::field("membership.role", "a role is required"))?;
        Ok(NewMember { organization, user: &self.user_id, role, metadata: self.metadata() })
    }

    fn id(&self) -> String {
        format!("{}/{}", self.organization_id, self.user_id)
    }
}

/// One item of `:batchCreate` and `:batchUpdate`.
#[derive(Debug, Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    membership: MemberFields<'a>,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &MemberMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        MemberMethod::Add(organization) => {
            organizations::need(transaction, organization)?;
            let fields: MemberFields<'_> = parse(&call.body)?;
            let membership = fields.of(organization)?;
            check(transaction, &membership)?;
            match add(transaction, &membership, call.member_tuples)? {
                Added::Created => answer(transaction, 201, organization, membership.user),
                Added::Exists(_) => Err(ApiError::member_exists()),
            }
        }
        MemberMethod::List(organization) => list(transaction, call, organization),
        MemberMethod::Get(organization, user) => {
            organizations::need(transaction, organization)?;
            answer(transaction, 200, organization, user)
        }
        MemberMethod::Update(organization, user) => {
            organizations::need(transaction, organization)?;
            let fields: MemberFields<'_> = parse(&call.body)?;
            let (role, metadata) = (fields.role.as_deref(), fields.metadata());
            update(transaction, (organization, user), role, metadata, call.member_tuples)?;
            answer(transaction, 200, organization, user)
        }
        MemberMethod::Remove(organization, user) => {
            organizations::need(transaction, organization)?;
            remove(transaction, organization, user, call.member_tuples)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        MemberMethod::BatchCreate => batch_create(transaction, call),
        MemberMethod::BatchUpdate => each_request(call, |item, _| {
            let Item { membership } = parse(item)?;
            let key = (membership.organization_id.as_ref(), membership.user_id.as_ref());
            update(transaction, key, membership.role.as_deref(), membership.metadata(), call.member_tuples)?;
            Ok(SandboxItemResult::Updated { id: membership.id() })
        }),
        MemberMethod::BatchDelete => batch_delete(transaction, call),
    }
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall, organization: &str) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct ListedPage {
        members: Vec<StoredMember>,
        next_page_token: Option<String>,
        total_size: i64,
    }
    organizations::need(transaction, organization)?;
    let of = vec![("organization_id", organization.to_owned())];
    let page = page(transaction, call, SELECT, of, StoredMember::from_row)?;
    let total_size = transaction
        .prepare_cached("SELECT count(*) FROM members WHERE organization_id = ?1")?
        .query_row([organization], |row| row.get(0))?;
    ApiAnswer::json(200, &ListedPage { members: page.items, next_page_token: page.next_page_token, total_size })
}

fn batch_create(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    each_request(call, |item, validate_only| {
        let Item { membership: fields } = parse(item)?;
        let membership = fields.of(&fields.organization_id)?;
        check(transaction, &membership)?;
        if validate_only {
            return Ok(SandboxItemResult::Created { id: None });
        }
        let id = fields.id();
        Ok(match add(transaction, &membership, call.member_tuples)? {
            Added::Created => SandboxItemResult::Created { id: Some(id) },
            Added::Exists(role) => SandboxItemResult::Exists { id, role: Some(role) },
        })
    })
}

fn batch_delete(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Deserialize)]
    struct DeleteRequest<'a> {
        #[serde(borrow)]
        memberships: Vec<MemberFields<'a>>,
    }
    let request: DeleteRequest<'_> = parse(&call.body)?;
    each(call, request.memberships, |membership| {
        remove(transaction, &membership.organization_id, &membership.user_id, call.member_tuples)?;
        Ok(SandboxItemResult::Deleted { id: membership.id() })
    })
}
