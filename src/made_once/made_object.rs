//! One object at a target.

use serde::{Deserialize, Serialize};

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeState {
    /// The target is about to be asked for it. Whether it is there, only the target knows.
    Creating,
    /// It is there, and its secret is in the file of secrets.
    Made,
}

/// One object at a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeObject {
    /// What it is called where it comes from: an id at Clerk, the address of an endpoint.
    pub id: String,
    /// How far it came.
    pub state: MadeState,
    /// Its id at the target, once that is known.
    #[serde(default)]
    pub target_id: Option<String>,
    /// A digest of what was sent last, by which it is known whether somebody has changed it since.
    #[serde(default)]
    pub content: String,
    /// Which file has its secret, by what the first line of that file says; nothing if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_of: Option<String>,
    /// Whether this program activated it, so that undoing it may end that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_activated: bool,
    /// Whether this program was asked to activate it and found it active: it is to be active, and undoing it does not end that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_found_active: bool,
}

impl MadeObject {
    /// Whether it is to be active: this program was asked to activate it.
    pub const fn is_to_be_active(&self) -> bool {
        self.is_activated || self.was_found_active
    }
}
