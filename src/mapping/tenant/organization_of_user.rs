//! An organization that a user is in, for a target that keeps organizations with their members.

use serde::{Deserialize, Serialize};

/// An organization that a user is in, and as what: all of it as Clerk has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationOfUser {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What addresses call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The user's role in it, as in `org:admin`.
    pub role: String,
}
