//! Which users: options of every command that reads an export.

use std::num::NonZeroU64;

use clap::Args;

use crate::selection::{Condition, IdListArgument};

/// Which users.
#[derive(Debug, Default, Args)]
pub struct SelectionArguments {
    /// Take only these users: their Clerk ids, external ids or email addresses with commas between them, or a file with one a
    /// line
    #[arg(long, value_name = "FILE|ID,…", help_heading = "Selection")]
    pub only: Option<IdListArgument>,

    /// Take only users of whom this holds, as in `@.public_metadata.plan == 'pro'` (`avnology help pilot`)
    #[arg(long = "where", value_name = "EXPR", help_heading = "Selection")]
    pub condition: Option<Condition>,

    /// Take N users at random, the same ones each time
    #[arg(long, value_name = "N", help_heading = "Selection")]
    pub sample: Option<NonZeroU64>,

    /// Another number takes another sample [default: 0]
    #[arg(long, value_name = "S", requires = "sample", help_heading = "Selection")]
    pub seed: Option<u64>,

    /// Skip the first N users (of those that the options above leave)
    #[arg(long, value_name = "N", help_heading = "Selection")]
    pub skip: Option<u64>,

    /// Take at most N users
    #[arg(long, value_name = "N", help_heading = "Selection")]
    pub limit: Option<NonZeroU64>,
}
