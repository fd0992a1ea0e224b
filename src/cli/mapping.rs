//! How users are mapped: options of every command that maps users.

use std::path::PathBuf;

use clap::Args;

use super::OrganizationName;
use crate::mapping::MissingEmail;

/// How users are mapped.
#[derive(Debug, Default, Args)]
pub struct MappingArguments {
    /// Map users by the rules in this TOML file; --print-default-mapping prints one to begin with
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub mapping: Option<PathBuf>,

    /// Reject users whose traits do not match this JSON Schema
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub traits_schema: Option<PathBuf>,

    /// What to do with a user without an email address: `reject` it, or give it an address at a domain
    /// (`placeholder:DOMAIN`) [default: reject, or what the mapping file says]
    #[arg(long, value_name = "RULE", help_heading = "Mapping")]
    pub missing_email: Option<MissingEmail>,

    /// Put every user into this organization of the target: its id (`org_…`) or its name. Several instances of Clerk can so
    /// go side by side into one target
    #[arg(long, value_name = "ORG", help_heading = "Mapping")]
    pub organization: Option<OrganizationName>,
}
