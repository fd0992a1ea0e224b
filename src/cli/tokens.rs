//! `avnology migrate clerk tokens`.

use std::path::PathBuf;

use clap::Args;

use super::{OutputOptions, exit_codes};

pub(super) const LONG_ABOUT: &str = "\
Take token templates apart, claim by claim.

Says of each claim what it is made of, where that is at the target, and whether a scope or a constant gives it or a claim \
resolver is needed; and what has to be set at the service that a template is for, where that is a known one. --output json and \
--report FILE give the form for a program: all that a resolver needs, with the values of constant claims.

The program reads an export, and asks neither Clerk nor the target for anything.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  What to do, for people:
    avnology migrate clerk tokens --from export
  What Clerk puts into the tokens of a user, and what a resolver would:
    avnology migrate clerk tokens --from export --example user_2example
  For a program that makes the resolver:
    avnology migrate clerk tokens --from export --output json

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk tokens`
#[derive(Debug, Args)]
pub struct TokensArguments {
    /// A finished export
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,

    /// Also show each claim as it is for the user with this id at Clerk, old and new. That is personal data
    #[arg(long, value_name = "USER")]
    pub example: Option<String>,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,
}
