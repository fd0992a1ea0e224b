//! Ory Kratos as a target: every promise of an import, at a real Kratos v1.3.1 that `build.sh` builds.
//!
//! Without it these tests are skipped, and say so; where `AVNOLOGY__ORY_REQUIRED` is set, they fail.

#![expect(clippy::disallowed_methods, reason = "the environment says where Kratos is, and how often it is killed")]

mod fixture;
mod keto;
mod kills;
mod kratos;
mod lies;
mod passwords;
mod postgres;
mod preflight;
mod recovery;
#[path = "../support/mod.rs"]
mod support;
mod walk;
