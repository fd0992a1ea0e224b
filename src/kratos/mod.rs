//! Ory Kratos as a destination: what is sent to its admin API, what comes back, and what that means.
//!
//! Everything that depends on Kratos is in this room. It was tried at the real v1.3.1 (`tests/ory`). Three things about it
//! decide the shape of this room:
//!
//! - **An answer may lie.** If one identity of a batch conflicts, v1.3.1 rolls the whole batch back and still says "created" of
//!   all others. So `create` believes no "created" beside a 409: it reads back who is there (`create`).
//! - **There is no key of ours.** An identity is found by a trait that the identity schema marks as an identifier of a method
//!   that is off, or by the external id that newer versions have ([`KratosKey`]). Users can write their traits, so who an identity is of, its admin metadata say:
//!   without them it is nobody's (`read`).
//! - **No time says whether somebody changed an identity.** So a digest of what was sent goes into its admin metadata; while it
//!   fits what is there, and the run's mark is beside it, nobody has changed it (`content`).
//!
//! Traits are writable by the user here, and Clerk's public metadata is not: it goes to `metadata_public`, which Kratos shows
//! the user and lets only administrators write.

mod answer;
mod change;
mod content;
mod create;
mod destination;
mod errors;
mod form;
mod key;
mod kratos_calls;
mod lookup;
mod options;
mod preflight;
mod read;
mod recovery;
mod schema;
mod sign_ins;

pub use form::KratosForm;
pub use key::KratosKey;
pub use kratos_calls::KratosCalls;
pub use options::{KratosOptions, ProviderName};
pub use preflight::{SchemaCheck, check_schema, preflight};
pub use recovery::Recovery;
pub use schema::identity_schema;
pub use sign_ins::KratosSignIns;

/// The most identities in one request. Kratos' own limit is higher, but what is rolled back together is sent again together.
pub const MAX_BATCH_ITEMS: usize = 100;

/// The largest request body in bytes. Kratos takes 5 MiB.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
