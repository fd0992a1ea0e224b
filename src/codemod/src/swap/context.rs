//! What a file has to know of the code base around it.

use crate::rules::Rules;

/// What is the same for all files of a run, and what their folder says.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What moves where.
    pub rules: &'a Rules,
    /// The list of public paths instead of the guide's, if it was given.
    pub public_paths: &'a [String],
    /// The page to sign in, as a tracked file of environment variables names it.
    pub sign_in: Option<String>,
    /// The page to sign up, likewise.
    pub sign_up: Option<String>,
}

/// The guide's list of public paths.
pub const GUIDE_PUBLIC_PATHS: [&str; 3] = ["/", "/sign-in(.*)", "/sign-up(.*)"];
