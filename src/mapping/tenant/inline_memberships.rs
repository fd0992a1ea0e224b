//! Inline memberships: those that stand inside a user, where the Backend API can list them as `organization_memberships`, a list or
//! a page of one.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clerk::Membership;
use crate::mapping::text::non_empty;
use crate::source::RawRecord;

/// What nearly all users do not have: their records are not parsed for it.
static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"organization_memberships\""));

/// A membership that stood inside a user.
pub struct InlineMembership {
    /// It as a record of its own, on one line, with the id of its user.
    pub line: Vec<u8>,
    /// What no other one has: each by itself.
    pub keys: Vec<String>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    organization_memberships: Option<&'a RawValue>,
    /// Of a line of a rejects file.
    #[serde(borrow, default)]
    original: Option<&'a RawValue>,
}

/// The memberships inside a user; none if the record cannot be read, for then it is rejected as a user.
pub fn inline_memberships(record: RawRecord<'_>) -> Vec<InlineMembership> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    if record.header().is_some() || MEMBER.find(record.bytes()).is_none() {
        return Vec::new();
    }
    let Ok(mut user) = serde_json::from_slice::<User<'_>>(record.bytes()) else { return Vec::new() };
    if let (None, Some(original)) = (user.organization_memberships, user.original) {
        let Ok(original) = serde_json::from_str(original.get()) else { return Vec::new() };
        user = original;
    }
    let listed = user.organization_memberships.map_or("null", RawValue::get);
    let listed: Vec<&RawValue> = serde_json::from_str(listed)
        .or_else(|_| serde_json::from_str::<Page<'_>>(listed).map(|page| page.data))
        .unwrap_or_default();
    let id = non_empty(user.id.as_deref());
    listed.into_iter().map(|membership| of_user(membership.get(), id)).collect()
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
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        original: Membership<'a>,
    }
    let bytes = record.bytes();
    if let Some(header) = record.header() {
        let Ok(row) = header.row(bytes) else { return Vec::new() };
        let cell = |column: &str| {
            let cell = header.cells(&row).find(|(name, cell)| *name == column && !cell.is_empty());
            cell.map(|(_, cell)| Cow::Owned(cell.to_owned()))
        };
        let (id, organization_id, user_id) = (cell("id"), cell("organization_id"), cell("user_id"));
        return keys(&Membership { id, organization_id, user_id, ..Membership::default() }, None);
    }
    // A line of a rejects file holds it one deeper.
    let of_line = serde_json::from_slice::<Line<'_>>(bytes).map(|line| line.original);
    let membership = of_line.or_else(|_| serde_json::from_slice::<Membership<'_>>(bytes));
    membership.map(|membership| keys(&membership, None)).unwrap_or_default()
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
