//! An organization, a membership and an invitation, as Clerk's Backend API writes them, or with the names that its JavaScript SDK
//! prints.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Time;

/// `Organization` of the Backend API. There is no `Debug`: it is a customer's data.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Organization<'a> {
    /// `org_…`
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    /// What people call it.
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    /// What addresses call it; unique at Clerk.
    #[serde(borrow)]
    pub slug: Option<Cow<'a, str>>,
    /// How many members it may have; 0 for any number.
    #[serde(alias = "maxAllowedMemberships")]
    pub max_allowed_memberships: Option<u64>,
    /// Whether its administrators may delete it.
    #[serde(alias = "adminDeleteEnabled")]
    pub admin_delete_enabled: Option<bool>,
    /// Which roles its members may have.
    #[serde(borrow, alias = "roleSetKey")]
    pub role_set_key: Option<Cow<'a, str>>,
    /// The user who made it.
    #[serde(borrow, alias = "createdBy")]
    pub created_by: Option<Cow<'a, str>>,
    /// When it was made.
    #[serde(alias = "createdAt")]
    pub created_at: Option<Time>,
    /// What its members see.
    #[serde(borrow, alias = "publicMetadata")]
    pub public_metadata: Option<&'a RawValue>,
    /// What only the backend sees.
    #[serde(borrow, alias = "privateMetadata")]
    pub private_metadata: Option<&'a RawValue>,
    /// Whether it has a picture, which Clerk hosts.
    #[serde(alias = "hasImage")]
    pub has_image: Option<bool>,
    /// Whether it was deleted at Clerk.
    pub deleted: Option<bool>,
}

/// `OrganizationMembership` of the Backend API, or the flat form of a CSV.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Membership<'a> {
    /// `orgmem_…`
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    /// `org:admin`, `org:member` or one of the customer's own.
    #[serde(borrow)]
    pub role: Option<Cow<'a, str>>,
    /// The organization.
    #[serde(borrow)]
    pub organization: Option<Organization<'a>>,
    /// Its id, where the object is not there.
    #[serde(borrow, alias = "organizationId")]
    pub organization_id: Option<Cow<'a, str>>,
    /// The user.
    #[serde(borrow, alias = "publicUserData")]
    pub public_user_data: Option<MemberData<'a>>,
    /// The user's id, where the object is not there.
    #[serde(borrow, alias = "userId")]
    pub user_id: Option<Cow<'a, str>>,
    /// When the user joined.
    #[serde(alias = "createdAt")]
    pub created_at: Option<Time>,
    /// What the member sees.
    #[serde(borrow, alias = "publicMetadata")]
    pub public_metadata: Option<&'a RawValue>,
    /// What only the backend sees.
    #[serde(borrow, alias = "privateMetadata")]
    pub private_metadata: Option<&'a RawValue>,
}

/// What a membership says of its user.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MemberData<'a> {
    /// `user_…`
    #[serde(borrow, alias = "userId")]
    pub user_id: Option<Cow<'a, str>>,
}

/// `OrganizationInvitation` of the Backend API.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Invitation<'a> {
    /// `orginv_…`
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    /// Who is invited.
    #[serde(borrow, alias = "emailAddress")]
    pub email_address: Option<Cow<'a, str>>,
    /// As which role.
    #[serde(borrow)]
    pub role: Option<Cow<'a, str>>,
    /// Into which organization.
    #[serde(borrow, alias = "organizationId")]
    pub organization_id: Option<Cow<'a, str>>,
    /// `pending`, `accepted`, `revoked` or `expired`.
    #[serde(borrow)]
    pub status: Option<Cow<'a, str>>,
    /// When it was sent.
    #[serde(alias = "createdAt")]
    pub created_at: Option<Time>,
    /// Until when it can be accepted.
    #[serde(alias = "expiresAt")]
    pub expires_at: Option<Time>,
    /// What becomes the metadata of the membership.
    #[serde(borrow, alias = "publicMetadata")]
    pub public_metadata: Option<&'a RawValue>,
    /// What only the backend sees.
    #[serde(borrow, alias = "privateMetadata")]
    pub private_metadata: Option<&'a RawValue>,
}

/// The columns that mean something where organizations are rows of a CSV.
pub const ORGANIZATION_COLUMNS: [&str; 8] = [
    "id",
    "name",
    "slug",
    "max_allowed_memberships",
    "created_by",
    "created_at",
    "public_metadata",
    "private_metadata",
];

/// The columns that mean something where memberships are rows of a CSV.
pub const MEMBERSHIP_COLUMNS: [&str; 6] = ["id", "organization_id", "user_id", "role", "created_at", "public_metadata"];

/// The columns that mean something where invitations are rows of a CSV.
pub const INVITATION_COLUMNS: [&str; 8] =
    ["id", "organization_id", "email_address", "role", "status", "created_at", "expires_at", "public_metadata"];
