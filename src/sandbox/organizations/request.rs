//! What callers say about an organization.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The fields of an organization, which are a body of `POST /v1/organizations` by themselves. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrganizationFields<'a> {
    #[serde(borrow)]
    pub external_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub display_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub slug: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub registration_mode: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub feature_flags: Option<&'a RawValue>,
    #[serde(borrow)]
    pub security_policies: Option<&'a RawValue>,
    #[serde(borrow)]
    pub metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub admin_metadata: Option<&'a RawValue>,
}

/// One item of `:batchCreate`.
#[derive(Debug, Deserialize)]
pub(super) struct CreateOrganization<'a> {
    #[serde(borrow)]
    pub organization: OrganizationFields<'a>,
}

/// A body of `PATCH`, and one item of `:batchUpdate`, which names its organization.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateOrganization<'a> {
    #[serde(default, borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub organization: OrganizationFields<'a>,
    #[serde(borrow)]
    pub update_mask: Cow<'a, str>,
}
