//! Invitations to organizations.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::TargetIds;
use super::json_record::read_json;
use super::member::missing;
use super::membership::{is_something, of_target};
use super::no_tenant_form::NoTenantForm;
use super::organization::write;
use super::role::Role;
use crate::clerk::{INVITATION_COLUMNS, Invitation};
use crate::kind::Kind;
use crate::mapping::parse::parse_as;
use crate::mapping::syntax::email_fault;
use crate::mapping::text::{non_empty, time};
use crate::mapping::{
    MapOutput, Notice, Notices, Prepared, RecordMapper, RejectCode, Rejection, Rules, Unique, WantedOutput, normal_form,
};
use crate::source::RawRecord;

/// Maps invitations that are still open. No import sends an e-mail.
#[derive(Clone, Debug)]
pub struct InvitationMapper {
    rules: Rules,
    ids: Option<Arc<dyn TargetIds>>,
    now: Timestamp,
}

impl InvitationMapper {
    /// A mapper that goes by these rules, and by what the target calls organizations. An invitation that expired before `now` is no
    /// open one, even if Clerk calls it otherwise.
    pub fn new(rules: Rules, ids: Option<Arc<dyn TargetIds>>, now: Timestamp) -> Self {
        Self { rules, ids, now }
    }

    fn map_one(&self, json: &[u8], wanted: WantedOutput, output: &mut MapOutput) -> Result<Prepared, NoTenantForm> {
        let invitation: Invitation<'_> = parse_as(json)?;
        let open = Open::of(&invitation, &self.rules, self.now)?;
        let mut references = Vec::new();
        let organization = of_target(self.ids.as_ref(), Kind::Organization, open.organization, &mut references)?;
        let mut notices = Notices::default();
        notices.add_if(!open.role.is_documented, Notice::RoleAsTuple);
        notices.add_if(is_something(invitation.private_metadata), Notice::MembershipPrivateMetadata);
        let wire = Wire {
            invitation: WireInvitation {
                organization_id: &organization,
                email: open.email,
                role: open.role.of_member(),
                expires_at: open.expires_at,
                send_email: false,
                metadata: Metadata {
                    public_metadata: invitation.public_metadata,
                    clerk: Origin { invitation: invitation.id.as_deref(), created_at: open.created_at },
                },
            },
        };
        let preview = write(&wire, wanted, output);
        let email = normal_form(open.email);
        let key = format!("{}/{email}", open.organization);
        if let Some(keys) = &mut output.unique_keys {
            keys.clear();
            keys.claim(Unique::Invitation, &key);
        }
        Ok(Prepared {
            external_id: format!("{organization}/{email}").into(),
            clerk_id: Some(key.into()),
            disabled: false,
            notices,
            references,
            preview,
        })
    }
}

/// What an open invitation says.
struct Open<'a> {
    organization: &'a str,
    email: &'a str,
    role: Role,
    created_at: Option<jiff::Timestamp>,
    expires_at: Option<jiff::Timestamp>,
}

impl<'a> Open<'a> {
    fn of(invitation: &'a Invitation<'_>, rules: &Rules, now: Timestamp) -> Result<Self, Rejection> {
        let status = invitation.status.as_deref().unwrap_or("pending");
        if status != "pending" {
            let message = "only an invitation that is still open moves";
            return Err(Rejection::of_field(RejectCode::InvitationNotPending, "status", message));
        }
        let expires = invitation.expires_at.and_then(|time| time.milliseconds);
        if expires.is_some_and(|expires| expires <= now.as_millisecond()) {
            let message = "the invitation has expired; send a new one";
            return Err(Rejection::of_field(RejectCode::InvitationNotPending, "expires_at", message));
        }
        let said = |field: &'static str, text: Option<&'a str>| {
            non_empty(text).ok_or_else(|| missing(field, "the invitation does not say this"))
        };
        let email = said("email_address", invitation.email_address.as_deref())?;
        if let Some(fault) = email_fault(email) {
            return Err(Rejection::of_field(RejectCode::InvalidEmail, "email_address", fault.to_string()));
        }
        Ok(Self {
            organization: said("organization_id", invitation.organization_id.as_deref())?,
            email,
            role: Role::of(said("role", invitation.role.as_deref())?, rules)?,
            created_at: time("created_at", invitation.created_at)?,
            expires_at: time("expires_at", invitation.expires_at)?,
        })
    }
}

impl RecordMapper for InvitationMapper {
    fn kind(&self) -> Kind {
        Kind::Invitation
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
        &INVITATION_COLUMNS
    }

    fn memory_growth(&self) -> (usize, usize) {
        (0, 1)
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    invitation: WireInvitation<'a>,
}

#[derive(Serialize)]
struct WireInvitation<'a> {
    organization_id: &'a str,
    email: &'a str,
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<jiff::Timestamp>,
    send_email: bool,
    metadata: Metadata<'a>,
}

/// It comes last, for the mark of the run.
#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_metadata: Option<&'a RawValue>,
    clerk: Origin<'a>,
}

#[derive(Serialize)]
struct Origin<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<jiff::Timestamp>,
}
