//! Stands in for [`super::traits_schema`] in a build that cannot check traits against a schema.

use super::Rejection;
use super::identity::Traits;

/// There is none.
#[derive(Clone, Debug, PartialEq)]
pub enum TraitsSchema {}

/// Why a schema cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraitsSchemaError {
    /// This build leaves schemas out.
    #[error(
        "this build cannot check traits against it; build it with `cargo install --path . --features traits-schema`"
    )]
    NotBuilt,
}

impl TraitsSchema {
    /// Says how to get it.
    pub fn parse(_: &str) -> Result<Self, TraitsSchemaError> {
        Err(TraitsSchemaError::NotBuilt)
    }

    pub(super) fn check(&self, _: &Traits<'_>) -> Result<(), Rejection> {
        match *self {}
    }
}
