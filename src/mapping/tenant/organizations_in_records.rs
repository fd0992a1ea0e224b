//! What single records say of the organizations that users are in: those of organizations, of memberships and of users. The room
//! `memberships` joins it.

use std::io;

use serde::{Deserialize, Serialize};

use super::inline_memberships::inline_memberships;
use super::json_record::read_json;
use super::member::{MemberAtClerk, missing};
use super::no_tenant_form::NoTenantForm;
use super::organization_of_user::OrganizationOfUser;
use crate::clerk::{Membership, Organization};
use crate::kind::Kind;
use crate::mapping::Rejection;
use crate::mapping::parse::parse_as;
use crate::mapping::text::non_empty;
use crate::source::RawRecord;

/// What an organization is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationNames {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What addresses call it.
    pub slug: Option<String>,
}

impl OrganizationNames {
    /// Takes them out of the record of an organization.
    pub fn of_record(record: RawRecord<'_>) -> io::Result<Result<Self, Rejection>> {
        read_json(record, Kind::Organization, |json| {
            let organization: Organization<'_> = parse_as(json)?;
            let id = non_empty(organization.id.as_deref());
            let id = id.ok_or_else(|| missing("id", "the organization has no id"))?.to_owned();
            let text = |text: Option<&str>| non_empty(text).map(str::to_owned);
            Ok::<_, NoTenantForm>(Self {
                id,
                name: text(organization.name.as_deref()),
                slug: text(organization.slug.as_deref()),
            })
        })
    }
}

/// The user of a membership, by the id at Clerk, and the organization.
pub fn organization_of_membership(
    record: RawRecord<'_>,
) -> io::Result<Result<(String, OrganizationOfUser), Rejection>> {
    read_json(record, Kind::Membership, |json| Ok(of_json(json)?))
}

/// The same of each membership that stands inside the record of a user.
pub fn inline_organizations(record: RawRecord<'_>) -> Vec<Result<(String, OrganizationOfUser), Rejection>> {
    inline_memberships(record).iter().map(|membership| of_json(&membership.line)).collect()
}

fn of_json(json: &[u8]) -> Result<(String, OrganizationOfUser), Rejection> {
    let membership: Membership<'_> = parse_as(json)?;
    let MemberAtClerk { organization: id, user, role } = MemberAtClerk::of(&membership)?;
    let of_object = membership.organization.as_ref();
    let text = |text: Option<&str>| non_empty(text).map(str::to_owned);
    let organization = OrganizationOfUser {
        id: id.to_owned(),
        name: text(of_object.and_then(|organization| organization.name.as_deref())),
        slug: text(of_object.and_then(|organization| organization.slug.as_deref())),
        role: role.to_owned(),
    };
    Ok((user.to_owned(), organization))
}
