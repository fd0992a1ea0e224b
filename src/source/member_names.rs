//! The names of members: which of them tell users, pages of users and error answers of Clerk's API from one another, and
//! which can be shown.

/// The name of the member that holds the users.
pub(super) const DATA: &str = "data";

/// The member that error answers have.
pub(super) const ERRORS: &str = "errors";

/// Members that users have and envelopes have not.
const OF_USERS: [&str; 14] = [
    "id",
    "external_id",
    "email_addresses",
    "original",
    "original_base64",
    "username",
    "first_name",
    "last_name",
    "primary_email_address",
    "primary_email_address_id",
    "phone_numbers",
    "public_metadata",
    "private_metadata",
    "unsafe_metadata",
];

/// Members that users have and no other object of Clerk's has, in small letters.
const OF_PERSONS: [&str; 9] = [
    "emailaddresses",
    "primaryemailaddress",
    "primaryemailaddressid",
    "phonenumbers",
    "username",
    "firstname",
    "lastname",
    "unsafemetadata",
    "passworddigest",
];

/// Whether an envelope cannot have a member of this name.
pub(super) fn is_of_user(name: &str) -> bool {
    OF_USERS.contains(&name)
}

/// Whether only a user can have a member of this name, in the style of the API or of the SDK.
pub(super) fn is_of_person(name: &str) -> bool {
    let name = name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    OF_PERSONS.iter().any(|member| name.clone().eq(member.bytes()))
}

/// Whether a name can be shown: users may be keyed by their addresses or ids, which are nobody's business here.
pub(super) fn is_field(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
