//! Which target: options of every command that asks a target for something.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::http::BaseUrl;
use crate::kratos::{KratosKey, ProviderName};

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetKind {
    /// Avnology ID
    Avnology,
    /// Ory Kratos, by its admin API
    Kratos,
    /// Ory Hydra, by its admin API: for `apps`, which makes OAuth clients
    Hydra,
}

/// Where organizations go at a Kratos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KratosOrganizations {
    /// Nowhere: they are counted
    None,
    /// Into `metadata_admin` of their members
    MetadataAdmin,
}

/// Which target.
#[derive(Clone, Debug, Args)]
pub struct TargetArguments {
    /// Use an embedded Avnology ID instead of a real one; no account needed
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// The embedded Avnology ID's database
    #[arg(long, value_name = "PATH", default_value = ".avnology/sandbox.db", requires = "sandbox")]
    pub sandbox_db: PathBuf,

    /// What the target is; `avnology help ory` is about Kratos [default: avnology]
    #[arg(long, value_name = "KIND", conflicts_with = "sandbox", help_heading = "Target")]
    pub target: Option<TargetKind>,

    /// The id of the identity schema that users get at Kratos; needed if it has several
    #[arg(long, value_name = "ID", help_heading = "Target")]
    pub kratos_schema: Option<String>,

    /// What users are known by at Kratos: a trait, as in `trait:NAME`, its own external id (`native`), or that where it has one (`auto`)
    /// [default: `trait:external_id`]
    #[arg(long, value_name = "KEY", help_heading = "Target")]
    pub kratos_key: Option<KratosKey>,

    /// What Kratos calls a provider of social sign-ins, as in `google=google-oidc`; several with commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Target")]
    pub kratos_provider: Vec<ProviderName>,

    /// Where organizations and memberships go, which Kratos has not: `metadata-admin` puts them into the metadata of their
    /// members that only administrators see [default: none]
    #[arg(long, value_name = "PLACE", help_heading = "Target")]
    pub kratos_organizations: Option<KratosOrganizations>,

    /// Move password hashes of this hasher to Kratos, although Clerk does not document their form: `md5_salted`,
    /// `pbkdf2_sha512` or `sha256_salted`; several with commas
    #[arg(long, value_name = "HASHER", value_delimiter = ',', help_heading = "Target")]
    #[arg(value_parser = ["md5_salted", "pbkdf2_sha512", "sha256_salted"], hide_possible_values = true)]
    pub assume_hash_format: Vec<String>,

    /// Where the roles of members go beside a Kratos: the address of the write port of an Ory Keto; with it `--keto-read-url`
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub keto_write_url: Option<BaseUrl>,

    /// The address of the read port of the same Keto
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub keto_read_url: Option<BaseUrl>,

    /// The target's address: https, or http if it is on this machine [default: `https://api-id.avnology.net`]
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub base_url: Option<BaseUrl>,
}

/// Which target, for what an Avnology ID has and a Kratos has not.
#[derive(Clone, Debug, Args)]
pub struct AvnologyTargetArguments {
    /// Use an embedded Avnology ID instead of a real one; no account needed
    #[arg(long, conflicts_with_all = ["base_url", "target"])]
    pub sandbox: bool,

    /// The embedded Avnology ID's database
    #[arg(long, value_name = "PATH", default_value = ".avnology/sandbox.db", requires = "sandbox")]
    pub sandbox_db: PathBuf,

    /// What the target is: avnology, or for `apps` hydra [default: avnology]
    #[arg(long, value_name = "KIND", help_heading = "Target", hide_possible_values = true)]
    pub target: Option<TargetKind>,

    /// The target's address: https, or http if it is on this machine [default: `https://api-id.avnology.net`]
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub base_url: Option<BaseUrl>,
}
