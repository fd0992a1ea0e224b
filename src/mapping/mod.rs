//! Clerk to Avnology ID: pure, synchronous, the same for dry-run and import.
//!
//! ```text
//! record bytes ── parse ──► clerk::User ── map ──► MigrationIdentity ── encode ──► {"identity":{…}}
//!                   │                       │                             │
//!                   └────────► Rejection ◄──┴─────────────────────────────┘   (stable code, field, sentence)
//! ```
//!
//! What does not stop a user from moving, but an administrator has to know, is a [`Notice`]. The choices are [`Rules`],
//! which [`parse_mapping`] compiles from a mapping file, and a [`TraitsSchema`].

mod code;
mod contacts;
mod credentials;
mod field;
mod file;
mod identity;
mod limits;
mod normal_form;
mod notices;
mod parse;
mod rules;
mod syntax;
mod template;
mod traits;
#[cfg(not(feature = "traits-schema"))]
#[path = "no_traits_schema.rs"]
mod traits_schema;
#[cfg(feature = "traits-schema")]
mod traits_schema;
mod unique;
mod user;

pub use code::{Notice, NoticeKind, RejectCode};
pub use field::{Bag, Field};
pub use file::{DEFAULT_MAPPING, parse_mapping};
pub use identity::{Address, MigrationIdentity};
pub(crate) use limits::MAPPING_FILE_BYTES;
pub(crate) use normal_form::normal_form;
pub use notices::Notices;
pub(crate) use parse::unwrap_reject;
pub use parse::{parse, parse_row, row_rejection};
pub use rules::{
    Constant, EmailRules, InvalidUsername, MetadataRules, MissingEmail, Origin, Place, RoleRule, Rules, TraitRule,
    TraitRules, Unverified, UsernameRules,
};
pub use template::Template;
pub use traits_schema::{TraitsSchema, TraitsSchemaError};
pub use unique::Unique;
pub use user::{Mapped, map};

/// Why a record does not become an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The stable code.
    pub code: RejectCode,
    /// The field at fault as Clerk names it, where there is one.
    pub field: Option<String>,
    /// A sentence for a person. It never repeats the record's content.
    pub message: String,
    /// For a record that is not JSON: where in it the fault is, line from 1 and byte offset from 0, both within it.
    pub place: Option<crate::source::Place>,
    /// Of a duplicate: the record that comes first.
    pub same_as: Option<EarlierRecord>,
}

/// The earlier one of two records that claim the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierRecord {
    /// Index of its input.
    pub input: u16,
    /// Its number within that, from 1.
    pub number: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
}

impl Rejection {
    /// A rejection because of one field.
    pub(crate) fn of_field(code: RejectCode, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::of_record(code, message) }
    }

    /// A rejection of the record as a whole.
    pub(crate) fn of_record(code: RejectCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into(), place: None, same_as: None }
    }
}
