//! `avnology migrate clerk verify`.

use std::path::PathBuf;

use clap::Args;

use super::{MappingArguments, RunOptions, SelectionArguments, TargetArguments};
use crate::http::BaseUrl;
use crate::kind::Kind;

/// `avnology migrate clerk verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The export: one file or several, `-` for standard input, or a URL such as `s3://bucket/users.json`
    #[arg(long, value_name = "FILE", required_unless_present = "sign_in", num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// Organizations: files as for --import
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub organizations: Vec<PathBuf>,

    /// Memberships of organizations, with their roles: files as for --import
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub memberships: Vec<PathBuf>,

    /// Invitations to organizations: files as for --import
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub invitations: Vec<PathBuf>,

    /// Only these kinds, as in `users,organizations`, of: users, organizations, memberships, tuples, invitations
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub steps: Vec<Kind>,

    /// The Dashboard's CSV with the passwords; exports of the Backend API and of Clerk's CLI have none
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// Compare everything, and look for identities that are not in the export (the default). If users are selected, they
    /// alone are compared, and no other identity is looked for
    #[arg(long, conflicts_with_all = ["only", "condition", "sample", "skip", "limit"])]
    pub all: bool,

    /// Try to sign in with the test accounts of this file, in place of a comparison: CSV with the columns email and password,
    /// and perhaps state (active or disabled). The file is for its owner only (mode 0600). `-` reads standard input, or
    /// asks at a terminal
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["import", "organizations", "memberships", "invitations", "steps", "passwords", "all"])]
    pub sign_in: Option<PathBuf>,

    /// Where people sign in if the target is a Kratos: its public address
    #[arg(long, value_name = "URL", requires = "sign_in")]
    pub kratos_public_url: Option<BaseUrl>,

    /// Which users.
    #[command(flatten)]
    pub selection: SelectionArguments,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How users were mapped, as in the import.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
