//! Role tuples: the roles of members as the target's permissions have them, or as a Keto beside it.

use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::json_record::read_json;
use super::member::{Member, missing};
use super::membership::of_target;
use super::no_tenant_form::NoTenantForm;
use super::organization::write;
use super::{Reference, TargetId, TargetIds};
use crate::clerk::{MEMBERSHIP_COLUMNS, Membership};
use crate::kind::Kind;
use crate::mapping::parse::parse_as;
use crate::mapping::{MapOutput, Notices, Prepared, RecordMapper, RejectCode, Rejection, Rules, Unique, WantedOutput};
use crate::source::RawRecord;

/// A record up to this many bytes is not too large for any target as a membership. If a larger one is, and another record says
/// otherwise which role the member has, it is that one's role that the target has: so it is asked.
const SURELY_MOVED: usize = 64 * 1024;

/// Maps memberships to the tuples of their roles. A role is granted only to a member: the target has the membership by the step
/// before, and with this role.
#[derive(Clone, Debug)]
pub struct TupleMapper {
    rules: Rules,
    ids: Option<Arc<dyn TargetIds>>,
}

impl TupleMapper {
    /// A mapper that goes by these rules, and by what the target calls memberships.
    pub fn new(rules: Rules, ids: Option<Arc<dyn TargetIds>>) -> Self {
        Self { rules, ids }
    }

    fn map_one(&self, json: &[u8], wanted: WantedOutput, output: &mut MapOutput) -> Result<Prepared, NoTenantForm> {
        let membership: Membership<'_> = parse_as(json)?;
        let member = Member::of(&membership, &self.rules)?;
        let mut references = Vec::new();
        let [organization, user] = self.ids_of(&member, json.len() > SURELY_MOVED, &mut references)?;
        let rules = &self.rules.tuples;
        let tuple = WireTuple {
            namespace: &rules.namespace,
            object: &organization,
            relation: &rules.relation(&member.role.name),
            subject: &rules.subject(&user),
        };
        let external_id = [tuple.namespace, ":", tuple.object, "#", tuple.relation, "@", tuple.subject].concat();
        let whose = (!rules.by_membership).then(|| format!("{organization}/{}", tuple.subject));
        let metadata = whose.as_deref().map(|id| Metadata { clerk: Whose { id } });
        let preview = write(&Wire { permission: tuple, metadata }, wanted, output);
        let key = member.key();
        if let Some(keys) = &mut output.unique_keys {
            keys.clear();
            keys.claim(Unique::RoleTuple, &key);
        }
        Ok(Prepared {
            external_id: external_id.into(),
            clerk_id: Some(key.into()),
            disabled: false,
            notices: Notices::default(),
            references,
            preview,
        })
    }

    /// The target's ids of organization and user: those of the membership, and of no other. `may_be_another` says whether the step
    /// before may have taken another record of this membership.
    fn ids_of(
        &self,
        member: &Member<'_>,
        may_be_another: bool,
        references: &mut Vec<Reference>,
    ) -> Result<[Box<str>; 2], NoTenantForm> {
        if !self.rules.tuples.by_membership {
            let user = of_target(self.ids.as_ref(), Kind::User, &member.user, references)?;
            return Ok([plain(&member.organization)?.into(), user]);
        }
        let Some(ids) = &self.ids else { return Ok([&*member.organization, &*member.user].map(Into::into)) };
        let key = member.key();
        let found = ids.find(Kind::Membership, &key)?;
        let pair = found.as_ref().and_then(|found| found.id.split_once('/'));
        let (Some(found), Some((organization, user))) = (&found, pair) else {
            let message = "the membership was rejected, is in no input, or has another role at the target \
                           (`--on-existing update` changes that): its role is not granted";
            return Err(Rejection::of_field(RejectCode::MembershipNotImported, "organization", message).into());
        };
        if found.is_proven && found.id == found.external_id && !may_be_another {
            // The step before sent it, by what it found both to be called: nothing was learned of either since.
            return Ok([organization.into(), user.into()]);
        }
        let of_step_before = TargetId { is_proven: found.is_proven && !may_be_another, ..found.clone() };
        references.extend(of_step_before.reference(Kind::Membership, &key, Some(&member.role)));
        // Whom the membership names has to be whom the record names, as the target knows both now.
        for (kind, clerk_id, id) in
            [(Kind::Organization, &member.organization, organization), (Kind::User, &member.user, user)]
        {
            if *of_target(self.ids.as_ref(), kind, clerk_id, references)? != *id {
                let message = "the membership is one of an earlier user or organization with this id at Clerk";
                return Err(Rejection::of_field(RejectCode::StaleReference, "organization", message).into());
            }
        }
        Ok([organization.into(), user.into()])
    }
}

/// Clerk's id of an organization, if it can stand in a tuple: with other characters it could say another role of somebody else.
fn plain(organization: &str) -> Result<&str, Rejection> {
    let is_plain = organization.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    is_plain.then_some(organization).ok_or_else(|| {
        missing("organization", "an id in a role tuple has only letters A to Z, digits, `_`, `-` and `.`")
    })
}

impl RecordMapper for TupleMapper {
    fn kind(&self) -> Kind {
        Kind::RoleTuple
    }

    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>> {
        // A line of a rejects file may hold the membership or the tuple: the record is the same.
        read_json(record, Kind::Membership, |json| self.map_one(json, wanted, output))
    }

    fn columns(&self) -> &'static [&'static str] {
        &MEMBERSHIP_COLUMNS
    }

    fn has_room_for_mark(&self) -> bool {
        false
    }

    fn memory_growth(&self) -> (usize, usize) {
        (self.rules.tuples.namespace.len() + self.rules.tuples.relation.len() + self.rules.tuples.subject.len(), 0)
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    permission: WireTuple<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

/// Whose role it is, of any role: where no membership at the target says so.
#[derive(Serialize)]
struct Metadata<'a> {
    clerk: Whose<'a>,
}

#[derive(Serialize)]
struct Whose<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct WireTuple<'a> {
    namespace: &'a str,
    object: &'a str,
    relation: &'a str,
    subject: &'a str,
}
