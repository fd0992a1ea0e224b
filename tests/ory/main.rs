//! Ory Kratos as a target: every promise of an import, at a real Kratos v1.3.1 that `build.sh` builds; and Ory Hydra v2.3.0 as
//! the target of OAuth clients.
//!
//! Without it these tests are skipped, and say so; where `AVNOLOGY__ORY_REQUIRED` is set, they fail.

#![expect(clippy::disallowed_methods, reason = "the environment says where Kratos is, and how often it is killed")]

mod apps;
mod fixture;
mod gateway;
mod hydra;
mod keto;
mod keto_double;
mod kills;
mod kratos;
mod lies;
mod native;
mod organizations;
mod passwords;
mod postgres;
mod preflight;
mod recovery;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod walk;
