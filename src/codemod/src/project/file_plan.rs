//! What becomes of one file.

use crate::edit::Edit;
use crate::finding::Finding;
use crate::swap::NameUse;

/// What becomes of a file.
#[derive(Debug, Default)]
pub struct FilePlan {
    /// Its path.
    pub path: String,
    /// Its text now.
    pub text: String,
    /// The changes.
    pub edits: Vec<Edit>,
    /// The entries.
    pub findings: Vec<Finding>,
    /// Names that it imports from Clerk.
    pub names: Vec<NameUse>,
    /// Whether it holds variables of the environment, whose values are shown to nobody.
    pub is_environment: bool,
    /// Whether it is code, which has to parse afterwards.
    pub is_code: bool,
}
