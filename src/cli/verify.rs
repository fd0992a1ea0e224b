//! `avnology migrate clerk verify`.

use std::path::PathBuf;

use clap::Args;

use super::{ClerkApiArguments, InputArguments, MappingArguments, RunOptions, SelectionArguments, TargetArguments};
use crate::http::BaseUrl;

/// `avnology migrate clerk verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// What is compared with the target.
    #[command(flatten)]
    pub inputs: InputArguments,

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

    /// How Clerk's API is reached, if the records come from it.
    #[command(flatten)]
    pub clerk_api: ClerkApiArguments,

    /// How users were mapped, as in the import.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
