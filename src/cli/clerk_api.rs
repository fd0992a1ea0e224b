//! How Clerk's API is reached: options of every command that reads from it.

use clap::Args;

use crate::http::BaseUrl;
use crate::pace::RateChoice;

/// How Clerk's API is reached.
#[derive(Debug, Default, Args)]
pub struct ClerkApiArguments {
    /// The address of Clerk's API: https, or http if it is on this machine [default: `https://api.clerk.com`]
    #[arg(long, value_name = "URL", help_heading = "Clerk's API")]
    pub clerk_url: Option<BaseUrl>,

    /// Requests to Clerk a second (50/s) or a minute (600/m), and fewer if Clerk asks for that; `auto` finds what Clerk allows
    /// [default: just below Clerk's limit, 99/s for a production key and 9.9/s for a development key]
    #[arg(long, value_name = "RATE", help_heading = "Clerk's API")]
    pub clerk_rate: Option<RateChoice>,
}
