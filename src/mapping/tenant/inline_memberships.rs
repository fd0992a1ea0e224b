//! Inline memberships: those that stand inside a user, where the Backend API can list them as `organization_memberships`, a list or
//! a page of one.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::clerk::{Membership, MembershipList};
use crate::mapping::parse::parse_as;
use crate::mapping::record_content::{RecordContent, content};
use crate::mapping::text::non_empty;
use crate::source::{Header, RawRecord, Row};

/// What nearly all users do not have, in either style of names: their records are not parsed for it.
static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("emberships\""));

/// A membership that stood inside a user.
pub struct InlineMembership {
    /// It as a record of its own, on one line, with the id of its user.
    pub line: Vec<u8>,
    /// What no other one has: each by itself.
    pub keys: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Holder<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "organizationMemberships")]
    organization_memberships: Option<MembershipList<'a>>,
    #[serde(borrow, rename = "_raw")]
    raw: Option<RawHolder<'a>>,
}

/// The same user within what the SDK prints.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawHolder<'a> {
    #[serde(borrow)]
    organization_memberships: Option<MembershipList<'a>>,
}

impl<'a> Holder<'a> {
    fn list(&self) -> Option<MembershipList<'a>> {
        let in_raw = self.raw.as_ref().and_then(|raw| raw.organization_memberships);
        MembershipList::of_both(self.organization_memberships, in_raw)
    }
}

/// The memberships inside a user; none if the record cannot be read, for then it is rejected as a user.
pub fn inline_memberships(record: RawRecord<'_>) -> Vec<InlineMembership> {
    let Some(json) = json_of(record) else { return Vec::new() };
    if MEMBER.find(&json).is_none() {
        return Vec::new();
    }
    let Ok(holder) = parse_as::<Holder<'_>>(&json) else { return Vec::new() };
    let listed = holder.list().map(MembershipList::memberships).unwrap_or_default();
    let id = non_empty(holder.id.as_deref());
    listed.into_iter().map(|membership| of_user(membership.get(), id)).collect()
}

/// Whether all memberships are known that stand inside a user: the record can be read, and its list is not a part of one.
pub fn lists_all_memberships(record: RawRecord<'_>) -> bool {
    match json_of(record) {
        Some(json) => {
            let holder = parse_as::<Holder<'_>>(&json);
            holder.is_ok_and(|holder| holder.list().is_none_or(MembershipList::is_whole))
        }
        // No row holds any.
        None => record.header().is_some() || matches!(content(record.bytes(), None), Ok(RecordContent::Row(_))),
    }
}

/// The record as JSON; nothing of a row, and of a line of a rejects file without a record.
fn json_of(record: RawRecord<'_>) -> Option<Cow<'_, [u8]>> {
    if record.header().is_some() {
        return None;
    }
    match content(record.bytes(), None) {
        Ok(RecordContent::Json(json)) => Some(json),
        _ => None,
    }
}

fn of_user(text: &str, user: Option<&str>) -> InlineMembership {
    let membership: Membership<'_> = serde_json::from_str(text).unwrap_or_default();
    let line = match (text.strip_prefix('{'), user) {
        (Some(rest), Some(user)) if user_of(&membership).is_none() => {
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            format!("{{\"user_id\":{}{comma}{rest}", serde_json::Value::from(user))
        }
        _ => text.to_owned(),
    };
    // A line break stands only between the tokens.
    let line = line.into_bytes().into_iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
    InlineMembership { line: line.collect(), keys: keys(&membership, user) }
}

/// What no membership but that of this record has; nothing if it cannot be read.
pub fn membership_keys(record: RawRecord<'_>) -> Vec<String> {
    let bytes = record.bytes();
    if let Some(header) = record.header() {
        return header.row(bytes).map(|row| keys_of_row(header, &row)).unwrap_or_default();
    }
    match content(bytes, None) {
        Ok(RecordContent::Json(json)) => {
            parse_as::<Membership<'_>>(&json).map(|membership| keys(&membership, None)).unwrap_or_default()
        }
        Ok(RecordContent::Row(kept)) => kept.cells().map(|(header, row)| keys_of_row(header, &row)).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn keys_of_row(header: &Header, row: &Row<'_>) -> Vec<String> {
    let cell = |column: &str| {
        let cell = header.cells(row).find(|(name, cell)| *name == column && !cell.is_empty());
        cell.map(|(_, cell)| Cow::Borrowed(cell))
    };
    let (id, organization_id, user_id) = (cell("id"), cell("organization_id"), cell("user_id"));
    keys(&Membership { id, organization_id, user_id, ..Membership::default() }, None)
}

/// Whose membership a record is, `organization/user`, by their ids at Clerk; nothing if that cannot be read.
pub fn membership_pair(record: RawRecord<'_>) -> Option<String> {
    membership_keys(record).iter().find_map(|key| key.strip_prefix(OF_PAIR)).map(str::to_owned)
}

/// How a key begins that names organization and user.
const OF_PAIR: &str = "member ";

fn keys(membership: &Membership<'_>, user: Option<&str>) -> Vec<String> {
    let id = non_empty(membership.id.as_deref()).map(|id| format!("membership {id}"));
    let of_object = membership.organization.as_ref().and_then(|organization| organization.id.as_deref());
    let organization = non_empty(of_object).or(non_empty(membership.organization_id.as_deref()));
    let user = user_of(membership).or(user);
    let pair = organization.zip(user).map(|(organization, user)| format!("{OF_PAIR}{organization}/{user}"));
    id.into_iter().chain(pair).collect()
}

fn user_of<'a>(membership: &'a Membership<'_>) -> Option<&'a str> {
    let of_object = membership.public_user_data.as_ref().and_then(|user| user.user_id.as_deref());
    non_empty(of_object).or(non_empty(membership.user_id.as_deref()))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::source::{RecordChunk, RecordSpan};

    /// Gives a record to a function.
    fn with<T>(record: &str, then: impl FnOnce(RawRecord<'_>) -> T) -> T {
        let length = record.len() as u64;
        let span = RecordSpan { number: 1, line: 1, offset: 0, length, fault: None };
        let bytes = record.as_bytes().to_vec().into();
        let chunk = RecordChunk {
            input: "-".into(),
            bytes,
            base: 0,
            spans: vec![span.clone()],
            header: None,
            consumed: length,
        };
        then(RawRecord::new(&chunk, &span))
    }

    /// The record in a line of a rejects file, in each form that it can have there.
    fn in_rejects(record: &str) -> Vec<String> {
        let line = |original: String| format!(r#"{{"code":"invalid_json","original":{original},"line_check":"x"}}"#);
        let as_text = |text: &str| line(json!(text).to_string());
        let in_base64 = as_text(&STANDARD.encode(record)).replace("\"original\"", "\"original_base64\"");
        vec![record.to_owned(), line(record.to_owned()), as_text(record), line(as_text(record)), in_base64]
    }

    #[test]
    fn a_user_holds_memberships_in_each_form_of_record_and_in_raw() {
        let held = r#"[{"organization":{"id":"org_1"},"role":"org:member"}]"#;
        for user in [
            format!(r#"{{"id":"user_1","organization_memberships":{held}}}"#),
            format!(r#"{{"organization_memberships":{{"data":{held},"total_count":1}},"id":"user_1"}}"#),
            format!(r#"{{"id":"user_1","organizationMemberships":{held}}}"#),
            format!(r#"{{"id":"user_1","_raw":{{"organization_memberships":{held}}}}}"#),
            format!(r#"{{"id":"user_1","organization_memberships":[],"_raw":{{"organization_memberships":{held}}}}}"#),
        ] {
            for record in in_rejects(&user) {
                let keys = with(&record, |record| inline_memberships(record).pop().map(|membership| membership.keys));
                assert_eq!(keys, Some(vec!["member org_1/user_1".to_owned()]), "{record}");
                assert!(with(&record, lists_all_memberships), "{record}");
            }
        }
        for part in [
            format!(r#"{{"id":"user_1","organization_memberships":{{"data":{held},"total_count":2}}}}"#),
            format!(r#"{{"id":"user_1","x":oops,"organization_memberships":{held}}}"#),
            format!(r#"{{"id":"user_1","organization_memberships":{held},"id":"user_1"}}"#),
            r#"{"id":"user_1","first_na"#.to_owned(),
        ] {
            for record in in_rejects(&part) {
                assert!(!with(&record, lists_all_memberships), "{record}");
            }
        }
        assert!(!with(r#"{"code":"record_too_large","original":null}"#, lists_all_memberships));
    }

    #[test]
    fn whose_membership_it_is_is_known_in_each_form_of_record() {
        for membership in [
            r#"{"organization":{"id":"org_1"},"public_user_data":{"user_id":"user_1"}}"#,
            r#"{"organizationId":"org_1","publicUserData":{"userId":"user_1"}}"#,
        ] {
            for record in in_rejects(membership) {
                assert_eq!(with(&record, membership_pair).as_deref(), Some("org_1/user_1"), "{record}");
            }
        }
        let header = r#""header":["id","organization_id","user_id","role"],"separator":",","#;
        let row = format!(r#"{{"code":"invalid_row",{header}"original":"orgmem_1,org_1,user_1,org:member"}}"#);
        assert_eq!(with(&row, membership_pair).as_deref(), Some("org_1/user_1"));
        assert!(with(&row, lists_all_memberships));
    }
}
