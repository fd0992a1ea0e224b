//! `avnology migrate`.

use clap::{Args, Subcommand};

use super::clerk::{ClerkArguments, LONG_ABOUT, examples};

/// `avnology migrate …`
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// Where the users come from.
    #[command(subcommand)]
    pub provider: Provider,
}

/// Where the users come from.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Import a Clerk user export
    #[command(long_about = LONG_ABOUT, after_help = examples())]
    Clerk(Box<ClerkArguments>),
}
