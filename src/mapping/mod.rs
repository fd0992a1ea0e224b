//! Clerk to Avnology ID: pure, synchronous, the same for dry-run and import.
//!
//! ```text
//! record bytes ── parse ──► clerk::User ── map ──► MigrationIdentity ── WireForm ──► what is sent
//!                   │                       │
//!                   └────────► Rejection ◄──┘   (stable code, field, sentence)
//! ```
//!
//! This is done for each record by a [`RecordMapper`], one for each kind: [`UserMapper`], and those of `tenant`. What is behind it sees
//! bytes, ids, keys and notices.
//!
//! What does not stop a user from moving, but an administrator has to know, is a [`Notice`]. The choices are [`Rules`],
//! which [`parse_mapping`] compiles from a mapping file, and a [`TraitsSchema`].

mod claim;
mod code;
mod constant;
mod contacts;
mod coverage;
mod credentials;
mod field;
mod file;
mod identity;
mod limits;
mod map_user;
mod normal_form;
mod notices;
mod parse;
mod portable_hash;
mod reachable;
mod record_content;
mod record_ids;
mod record_mapper;
mod record_value;
mod rejection;
mod rules;
mod syntax;
mod template;
mod tenant;
mod text;
mod traits;
#[cfg(not(feature = "traits-schema"))]
#[path = "no_traits_schema.rs"]
mod traits_schema;
#[cfg(feature = "traits-schema")]
mod traits_schema;
mod unique;
mod unique_keys;
mod user_join;
mod user_mapper;
mod wire_form;

pub use claim::Claim;
pub use code::{Notice, NoticeKind, RejectCode};
pub use constant::Constant;
pub use coverage::{Coverage, CoveredField};
pub use field::{Bag, ClerkField};
pub(crate) use file::is_role;
pub use file::{DEFAULT_MAPPING, parse_mapping};
pub use identity::{Address, MigrationIdentity};
pub(crate) use limits::MAPPING_FILE_BYTES;
pub use limits::{CONTENT_MARK, MARK};
pub use map_user::{Mapped, map};
pub(crate) use normal_form::normal_form;
pub use notices::Notices;
pub use parse::{parse, parse_row, row_rejection};
pub(crate) use record_content::{RecordContent, content};
pub use record_ids::RecordIds;
pub use record_mapper::{MapOutput, Prepared, RecordMapper, WantedOutput};
pub use record_value::record_value;
pub use rejection::{FirstOfDuplicates, Rejection};
pub use rules::{
    EmailRules, InvalidUsername, MetadataRules, MetadataTarget, MissingEmail, PasswordRules, RoleRule, Rules,
    TraitRule, TraitRules, TraitSource, Unverified, UsernameRules,
};
pub(crate) use syntax::is_email;
pub use template::Template;
pub use tenant::{
    InlineMembership, InvitationMapper, MadeNames, MembershipMapper, OrganizationMapper, OrganizationNames,
    OrganizationOfUser, OrganizationRules, Reference, RoleCounts, TargetId, TargetIds, TupleMapper, TupleRules,
    inline_memberships, inline_organizations, lists_all_memberships, membership_keys, membership_pair,
    organization_of_membership,
};
pub use traits_schema::{TraitsSchema, TraitsSchemaError};
pub use unique::Unique;
pub use unique_keys::{UniqueKey, UniqueKeys};
pub use user_join::{Joined, UserJoin};
pub use user_mapper::{UserMapper, read_user};
pub use wire_form::WireForm;
