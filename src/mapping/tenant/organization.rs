//! Organizations.

use std::io;

use serde::Serialize;
use serde_json::value::RawValue;

use super::json_record::read_json;
use super::slug::name_of;
use crate::clerk::{ORGANIZATION_COLUMNS, Organization};
use crate::kind::Kind;
use crate::mapping::limits::{EXTERNAL_ID_CHARACTERS, NAME_CHARACTERS};
use crate::mapping::parse::parse_as;
use crate::mapping::text::{at_most, non_empty, time};
use crate::mapping::{
    MapOutput, Notice, Notices, Prepared, RecordMapper, RejectCode, Rejection, Rules, Unique, WantedOutput,
};
use crate::source::RawRecord;

/// Maps organizations.
#[derive(Clone, Debug)]
pub struct OrganizationMapper {
    rules: Rules,
}

impl OrganizationMapper {
    /// A mapper that goes by these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }

    fn map_one(&self, json: &[u8], wanted: WantedOutput, output: &mut MapOutput) -> Result<Prepared, Rejection> {
        let organization: Organization<'_> = parse_as(json)?;
        let id = non_empty(organization.id.as_deref());
        let id = id.ok_or_else(|| Rejection::of_field(RejectCode::MissingId, "id", "the organization has no id"))?;
        if organization.deleted == Some(true) {
            let message = "the organization was deleted at Clerk";
            return Err(Rejection::of_field(RejectCode::DeletedUser, "deleted", message));
        }
        at_most(EXTERNAL_ID_CHARACTERS, "id", id)?;
        let slug = non_empty(organization.slug.as_deref());
        let display_name = non_empty(organization.name.as_deref()).or(slug).unwrap_or(id);
        at_most(NAME_CHARACTERS, "name", display_name)?;
        let (name, is_made) = name_of(slug, display_name, id, self.rules.organizations.made_names);
        let mut notices = Notices::default();
        notices.add_if(is_made, Notice::SlugMade);
        notices.add_if(organization.has_image == Some(true), Notice::OrganizationImage);
        let most_members = organization.max_allowed_memberships.filter(|most| *most > 0);
        let is_limited = most_members.is_some() || organization.admin_delete_enabled == Some(false);
        notices.add_if(is_limited, Notice::OrganizationLimits);
        let wire = Wire {
            organization: WireOrganization {
                external_id: id,
                name: &name,
                display_name,
                slug: &name,
                metadata: organization.public_metadata,
                admin_metadata: AdminMetadata {
                    private_metadata: organization.private_metadata,
                    clerk: Origin {
                        id,
                        created_at: time("created_at", organization.created_at)?,
                        created_by: organization.created_by.as_deref(),
                        max_allowed_memberships: most_members,
                        admin_delete_enabled: organization.admin_delete_enabled,
                        role_set_key: organization.role_set_key.as_deref(),
                        home_organization: self.rules.organization.as_deref(),
                    },
                },
            },
        };
        let preview = write(&wire, wanted, output);
        if let Some(keys) = &mut output.unique_keys {
            keys.clear();
            keys.claim(Unique::Organization, id);
            keys.claim(Unique::OrganizationName, &name);
        }
        Ok(Prepared {
            external_id: id.into(),
            clerk_id: None,
            disabled: false,
            notices,
            references: Vec::new(),
            preview,
        })
    }
}

/// Appends the encoded form, if it is wanted; the form for people, if that is.
pub(super) fn write(wire: &impl Serialize, wanted: WantedOutput, output: &mut MapOutput) -> Option<String> {
    if wanted.encoded {
        let written = serde_json::to_writer(&mut output.encoded, wire);
        debug_assert!(written.is_ok(), "writing to memory cannot fail, and every key is a string");
    }
    wanted.preview.then(|| serde_json::to_string(wire).ok()).flatten()
}

impl RecordMapper for OrganizationMapper {
    fn kind(&self) -> Kind {
        Kind::Organization
    }

    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>> {
        read_json(record, self.kind(), |json| Ok(self.map_one(json, wanted, output)?))
    }

    fn columns(&self) -> &'static [&'static str] {
        &ORGANIZATION_COLUMNS
    }

    fn memory_growth(&self) -> (usize, usize) {
        (0, 2)
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    organization: WireOrganization<'a>,
}

/// The flat body of `POST /v1/organizations`; `external_id` and the two bags of metadata are assumed.
#[derive(Serialize)]
struct WireOrganization<'a> {
    external_id: &'a str,
    name: &'a str,
    display_name: &'a str,
    slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    admin_metadata: AdminMetadata<'a>,
}

/// It comes last, for the mark of the run.
#[derive(Serialize)]
struct AdminMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    private_metadata: Option<&'a RawValue>,
    clerk: Origin<'a>,
}

/// Facts about the organization at Clerk that the target has no field for.
#[derive(Serialize)]
struct Origin<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_allowed_memberships: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_delete_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_set_key: Option<&'a str>,
    /// The organization of the target that the users of its instance go into: whose it is where several instances share a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    home_organization: Option<&'a str>,
}
