//! Roles, permissions and sets of roles.

use serde::Deserialize;

use super::{Item, ItemKind, Verdict};

/// What is read of each of them.
#[derive(Debug, Deserialize)]
pub(super) struct Keyed {
    id: String,
    key: String,
}

impl Keyed {
    /// A role.
    pub(super) fn role(self) -> Item {
        let relation = self.key.strip_prefix("org:").unwrap_or(&self.key).to_owned();
        let (verdict, why) = match self.key.as_str() {
            "org:admin" | "org:member" => (Verdict::Moved, "Members keep it as a relation."),
            _ => (Verdict::Check, "Members keep it as a relation; the target does not document relations of your own."),
        };
        Item::new(ItemKind::Role, self.id, verdict, why).named(self.key).at_target("relation", relation)
    }

    /// A permission.
    pub(super) fn permission(self) -> Item {
        let why = "Permissions of the target are relations: decide which relation gives this one.";
        Item::new(ItemKind::Permission, self.id, Verdict::ToDo, why).named(self.key)
    }

    /// A set of roles.
    pub(super) fn role_set(self) -> Item {
        let why = "The target documents no sets of roles.";
        Item::new(ItemKind::RoleSet, self.id, Verdict::CannotMove, why).named(self.key)
    }
}
