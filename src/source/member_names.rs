//! The names of members: which of them identify users, pages of users and error answers of Clerk's API, and which may be
//! shown.

/// The name of the member that holds the users.
pub(super) const DATA: &str = "data";

/// The name of the member that error answers have.
pub(super) const ERRORS: &str = "errors";

/// The names of members that users have and envelopes do not.
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

/// The names of members that only users have among all objects of Clerk, in lower case and without `_`.
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

/// Whether a member of this name is never in an envelope.
pub(super) fn is_of_user(name: &str) -> bool {
    OF_USERS.contains(&name)
}

/// Whether only a user can have a member of this name, in the style of the API or of the SDK.
pub(super) fn is_of_person(name: &str) -> bool {
    let name = name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    OF_PERSONS.iter().any(|member| name.clone().eq(member.bytes()))
}

/// Whether a name may be shown. The names in an object of users may be their addresses or ids, which are personal data.
pub(super) fn is_field(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
