//! Memberships.

use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::json_record::read_json;
use super::member::Member;
use super::no_tenant_form::NoTenantForm;
use super::organization::write;
use super::{Reference, TargetIds};
use crate::clerk::{MEMBERSHIP_COLUMNS, Membership};
use crate::kind::Kind;
use crate::mapping::parse::parse_as;
use crate::mapping::{
    MapOutput, Notice, Notices, Prepared, RecordMapper, RejectCode, Rejection, Rules, Unique, WantedOutput,
};
use crate::source::RawRecord;

/// Maps memberships.
#[derive(Clone, Debug)]
pub struct MembershipMapper {
    rules: Rules,
    ids: Option<Arc<dyn TargetIds>>,
}

impl MembershipMapper {
    /// A mapper that goes by these rules, and by what the target calls users and organizations.
    pub fn new(rules: Rules, ids: Option<Arc<dyn TargetIds>>) -> Self {
        Self { rules, ids }
    }

    fn map_one(&self, json: &[u8], wanted: WantedOutput, output: &mut MapOutput) -> Result<Prepared, NoTenantForm> {
        let membership: Membership<'_> = parse_as(json)?;
        let member = Member::of(&membership, &self.rules)?;
        let mut references = Vec::new();
        let organization = of_target(self.ids.as_ref(), Kind::Organization, &member.organization, &mut references)?;
        let user = of_target(self.ids.as_ref(), Kind::User, &member.user, &mut references)?;
        let mut notices = Notices::default();
        notices.add_if(!member.role.is_documented, Notice::RoleAsTuple);
        notices.add_if(is_something(membership.private_metadata), Notice::MembershipPrivateMetadata);
        let wire = Wire {
            membership: WireMembership {
                organization_id: &organization,
                user_id: &user,
                role: member.role.of_member(),
                metadata: Metadata {
                    public_metadata: membership.public_metadata,
                    clerk: Origin {
                        membership: membership.id.as_deref(),
                        created_at: member.created_at,
                        role: member.role.own(),
                    },
                },
            },
        };
        let preview = write(&wire, wanted, output);
        if let Some(roles) = &mut output.roles {
            roles.add(&member.role.name, member.role.is_documented, 1);
        }
        let key = member.key();
        if let Some(keys) = &mut output.unique_keys {
            keys.clear();
            keys.claim(Unique::Membership, &key);
        }
        Ok(Prepared {
            external_id: [&*organization, "/", &*user].concat().into(),
            clerk_id: Some(key.into()),
            disabled: false,
            notices,
            references,
            preview,
        })
    }
}

/// Whether there is anything in a bag of metadata.
pub(super) fn is_something(bag: Option<&RawValue>) -> bool {
    bag.is_some_and(|bag| !matches!(bag.get(), "{}" | "null"))
}

/// What the target calls one to whom a record refers; Clerk's id where nothing is sent.
pub(super) fn of_target(
    ids: Option<&Arc<dyn TargetIds>>,
    kind: Kind,
    clerk_id: &str,
    references: &mut Vec<Reference>,
) -> Result<Box<str>, NoTenantForm> {
    let Some(ids) = ids else { return Ok(clerk_id.into()) };
    let Some(found) = ids.find(kind, clerk_id)? else {
        let (code, field) = match kind {
            Kind::User => (RejectCode::UserNotImported, "public_user_data.user_id"),
            _ => (RejectCode::OrganizationNotImported, "organization"),
        };
        let (place, kind) = (ids.rejected(kind, clerk_id)?, kind.as_str());
        let message = match place {
            Some(place) => {
                format!("the {kind} was rejected: {place}; mend that record, then run the same command again")
            }
            None => format!(
                "the {kind} was rejected, or is in no input: nobody at the target is known to be it; import it, then run the same command again"
            ),
        };
        return Err(Rejection::of_field(code, field, message).into());
    };
    references.extend(found.reference(kind, clerk_id, None));
    Ok(found.id)
}

impl RecordMapper for MembershipMapper {
    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>> {
        read_json(record, self.kind(), |json| self.map_one(json, wanted, output))
    }

    fn columns(&self) -> &'static [&'static str] {
        &MEMBERSHIP_COLUMNS
    }

    fn memory_growth(&self) -> (usize, usize) {
        (0, 1)
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    membership: WireMembership<'a>,
}

#[derive(Serialize)]
struct WireMembership<'a> {
    organization_id: &'a str,
    user_id: &'a str,
    role: &'a str,
    metadata: Metadata<'a>,
}

/// It comes last, for the mark of the run. Nobody documents who sees it: so nothing private is in it.
#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_metadata: Option<&'a RawValue>,
    clerk: Origin<'a>,
}

#[derive(Serialize)]
struct Origin<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<jiff::Timestamp>,
    /// A role that no member of the target can have: without it nobody could see here that it became another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}
