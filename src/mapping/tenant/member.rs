//! A member of an organization, out of the record of a membership: what both the membership and its role tuple go by.

use std::borrow::Cow;

use super::role::Role;
use crate::clerk::Membership;
use crate::mapping::text::{non_empty, time};
use crate::mapping::{RejectCode, Rejection, Rules};

/// Whose membership it is, and which role it gives.
pub(super) struct Member<'a> {
    /// The organization's id at Clerk.
    pub organization: Cow<'a, str>,
    /// The user's id at Clerk.
    pub user: Cow<'a, str>,
    /// The role at the target.
    pub role: Role,
    /// Since when.
    pub created_at: Option<jiff::Timestamp>,
}

impl<'a> Member<'a> {
    /// Takes it out of a membership.
    pub(super) fn of(membership: &'a Membership<'_>, rules: &Rules) -> Result<Self, Rejection> {
        let MemberAtClerk { organization, user, role: clerk_role } = MemberAtClerk::of(membership)?;
        let made_by = membership.organization.as_ref().and_then(|organization| organization.created_by.as_deref());
        let role = match &rules.organizations.creator {
            Some(creator) if made_by == Some(user) => Role::named(creator)?,
            _ => Role::of(clerk_role, rules)?,
        };
        // Also of a tuple, which does not say it: what is no membership is no role either, of another record perhaps.
        let created_at = time("created_at", membership.created_at)?;
        Ok(Self { organization: organization.into(), user: user.into(), role, created_at })
    }

    /// What no other membership at Clerk has.
    pub(super) fn key(&self) -> String {
        [&*self.organization, "/", &*self.user].concat()
    }
}

/// The member as Clerk has it: ids and role.
pub(super) struct MemberAtClerk<'a> {
    /// The organization's id.
    pub organization: &'a str,
    /// The user's id.
    pub user: &'a str,
    /// The role, as in `org:admin`.
    pub role: &'a str,
}

impl<'a> MemberAtClerk<'a> {
    /// Takes it out of a membership.
    pub(super) fn of(membership: &'a Membership<'_>) -> Result<Self, Rejection> {
        let organization = one(
            "organization",
            membership.organization.as_ref().and_then(|organization| organization.id.as_deref()),
            membership.organization_id.as_deref(),
        )?;
        let user = one(
            "public_user_data.user_id",
            membership.public_user_data.as_ref().and_then(|user| user.user_id.as_deref()),
            membership.user_id.as_deref(),
        )?;
        let role = non_empty(membership.role.as_deref());
        let role = role.ok_or_else(|| missing("role", "the membership has no role"))?;
        Ok(Self { organization, user, role })
    }
}

/// An id that can stand in two places. Two that are not the same are no reason to guess.
pub(super) fn one<'a>(field: &str, here: Option<&'a str>, there: Option<&'a str>) -> Result<&'a str, Rejection> {
    match (non_empty(here), non_empty(there)) {
        (Some(one), Some(other)) if one != other => Err(missing(field, "the record names two that are not the same")),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => Err(missing(field, "the record does not say whom it is about")),
    }
}

pub(super) fn missing(field: &str, message: &str) -> Rejection {
    Rejection::of_field(RejectCode::MissingReference, field, message)
}
