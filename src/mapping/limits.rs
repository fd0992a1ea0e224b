//! What the target accepts, so that the dry-run finds what the import would be refused.

/// Shortest and longest username: `POST /v1/identities`, documented (/docs/api/users/create-user).
pub(super) const USERNAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=64;

/// Longest email address in bytes: RFC 5321, 4.5.3.1.3 (a path of 256 with its angle brackets).
pub(super) const EMAIL_BYTES: usize = 254;

/// Longest local part in bytes: RFC 5321, 4.5.3.1.1.
pub(super) const EMAIL_LOCAL_BYTES: usize = 64;

/// Longest label of a domain in bytes: RFC 1035, 2.3.4.
pub(super) const DOMAIN_LABEL_BYTES: usize = 63;

/// Longest first or last name, in characters. Undocumented: the width such columns have nearly everywhere.
pub(super) const NAME_CHARACTERS: usize = 255;

/// Longest `external_id`, in characters. Undocumented, as above.
pub(super) const EXTERNAL_ID_CHARACTERS: usize = 255;

/// Digits of an E.164 number: ITU-T E.164, 6; the lower bound spares the shortest national numbers.
pub(super) const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Traits that a mapping file may add. Ours: each is looked for in every user.
pub(super) const ADDED_TRAITS: usize = 64;

/// Bytes that the traits a mapping file adds may have in one identity. Ours: Clerk's metadata is 8 KiB at most.
pub(super) const ADDED_TRAITS_BYTES: usize = 64 * 1024;

/// Bytes of constants, defaults and names in a mapping file. Ours: each identity can hold them.
pub(super) const LITERAL_BYTES: usize = 4 * 1024;

/// Names in the path of a field within metadata. Ours.
pub(super) const PATH_NAMES: usize = 16;

/// Longest name of a trait, in characters. Ours.
pub(super) const TRAIT_NAME_CHARACTERS: usize = 64;

/// The member of the admin metadata in which a run says that it created an identity. No mapping file may use the name.
pub const MARK: &str = "avnology_migrate";

/// The member of the admin metadata in which a destination that tells no times keeps a digest of what was created. No mapping
/// file may use the name.
pub const CONTENT_MARK: &str = "avnology_migrate_content";

/// Largest mapping file, in bytes. Ours.
pub(crate) const MAPPING_FILE_BYTES: usize = 64 * 1024;
