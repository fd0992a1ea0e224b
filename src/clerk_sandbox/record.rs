//! What the stand-in has to know of a record to find it again. The record itself stays the text that it was.

use serde::Deserialize;

use super::kind::Kind;

/// A record with the members that it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub id: String,
    /// The organization that it belongs to.
    pub organization_id: Option<String>,
    /// The user that a membership is of.
    pub user_id: Option<String>,
    /// Unix milliseconds, like all times here; 0 if the record has none.
    pub created_at: i64,
    pub updated_at: i64,
    pub last_active_at: Option<i64>,
    /// The record, to the byte.
    pub text: String,
}

/// Why a text is no record. It names no value: they may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecordFault {
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it is no JSON object whose `id` is a text and whose times are whole numbers")]
    NotAnObject,
    #[error("it has no `id`")]
    NoId,
}

#[derive(Deserialize)]
struct Members {
    id: Option<String>,
    created_at: Option<i64>,
    updated_at: Option<i64>,
    last_active_at: Option<i64>,
    organization_id: Option<String>,
    organization: Option<Reference>,
    public_user_data: Option<UserReference>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

#[derive(Deserialize)]
struct UserReference {
    user_id: String,
}

impl Record {
    /// Reads a record of this kind.
    pub(super) fn of(kind: Kind, json: &[u8]) -> Result<Self, RecordFault> {
        let text = std::str::from_utf8(json).map_err(|_| RecordFault::NotUtf8)?.trim();
        let members: Members = serde_json::from_str(text).map_err(|_| RecordFault::NotAnObject)?;
        let only = || kind.is_single().then(|| kind.name().to_owned());
        let created_at = members.created_at.unwrap_or(0);
        let is_membership = kind == Kind::OrganizationMemberships;
        Ok(Self {
            id: members.id.or_else(only).ok_or(RecordFault::NoId)?,
            organization_id: members.organization_id.or(members.organization.map(|organization| organization.id)),
            user_id: members.public_user_data.filter(|_| is_membership).map(|user| user.user_id),
            created_at,
            updated_at: members.updated_at.unwrap_or(created_at),
            last_active_at: members.last_active_at,
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_is_found_by_its_organization_and_its_user() {
        let text = r#" {"id":"orgmem_1","organization":{"id":"org_1","name":"x"},"public_user_data":{"user_id":"user_1"},
            "created_at":5,"public_metadata":{"n":1e400}} "#;
        let record = Record::of(Kind::OrganizationMemberships, text.as_bytes()).unwrap();
        assert_eq!((record.organization_id.as_deref(), record.user_id.as_deref()), (Some("org_1"), Some("user_1")));
        assert_eq!((record.created_at, record.updated_at, record.last_active_at), (5, 5, None));
        assert_eq!(record.text, text.trim(), "to the byte");
    }

    #[test]
    fn what_is_no_record_is_refused_without_its_values() {
        for (json, fault) in [
            (&b"{\"id\":\"\xff\"}"[..], RecordFault::NotUtf8),
            (b"[]", RecordFault::NotAnObject),
            (b"{\"id\":1}", RecordFault::NotAnObject),
            (b"{\"id\":\"a\",\"created_at\":\"ada@example.com\"}", RecordFault::NotAnObject),
            (b"{}", RecordFault::NoId),
        ] {
            assert_eq!(Record::of(Kind::Users, json), Err(fault));
        }
        assert_eq!(Record::of(Kind::Protect, b"{}").unwrap().id, "instance_protect", "there is one");
    }
}
