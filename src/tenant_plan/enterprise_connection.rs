//! Connections to identity providers of enterprises.

use serde::Deserialize;

use super::{Item, ItemKind, Verdict};

/// What is read of a connection: no certificate, and nothing of an OAuth configuration.
#[derive(Debug, Deserialize)]
pub(super) struct EnterpriseConnection {
    id: String,
    name: String,
    provider: Option<String>,
    #[serde(default)]
    active: bool,
}

impl EnterpriseConnection {
    /// It as a thing of the plan.
    pub(super) fn item(self) -> Item {
        let why = "Make it again at the target; the identity provider's side needs the new addresses (ACS, entity id).";
        let connection = Item::new(ItemKind::EnterpriseConnection, self.id, Verdict::ToDo, why).named(self.name);
        let connection = match self.provider {
            Some(provider) => connection.at_target("provider", provider),
            None => connection,
        };
        if self.active { connection } else { connection.warned("inactive", "It is switched off at Clerk.") }
    }
}
