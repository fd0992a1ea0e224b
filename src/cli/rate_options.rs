//! How fast a target is asked: options of every command that sends it many requests.

use std::num::NonZeroU32;

use clap::Args;

use crate::pace::{Rate, RateChoice};

/// How fast a target is asked.
#[derive(Clone, Debug, Default, Args)]
pub struct RateOptions {
    /// Requests a second (50/s) or a minute (600/m), and fewer if the target asks for that; `auto` finds what the target
    /// allows [default: auto]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate: Option<RateChoice>,

    /// Never go slower than this [default: 1/m]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_min: Option<Rate>,

    /// Never go faster than this, even if the target allows it
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_max: Option<Rate>,

    /// How many requests may go at once after a pause [default: 1]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub burst: Option<NonZeroU32>,
}
