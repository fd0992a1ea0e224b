//! The organization that the users of a run go into, in `run.json`.

use serde::{Deserialize, Serialize};

/// The organization that the users of a run go into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRecord {
    /// Its id or name, as it was typed.
    pub asked: String,
    /// Its id, once the target was asked. From then on the run goes by that, even if another one gets the name later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it is made if it is not there.
    #[serde(default)]
    pub create: bool,
}

impl OrganizationRecord {
    /// Its id, or what was typed as long as that is not known.
    pub fn id_or_name(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.asked)
    }
}
