//! Entries of the lists of who may sign up and who may not.

use serde::Deserialize;

use super::{Item, ItemKind, Verdict};

/// What is read of an entry: not the address, which is a person's.
#[derive(Debug, Deserialize)]
pub(super) struct ListEntry {
    id: String,
    identifier_type: Option<String>,
}

impl ListEntry {
    /// It as a thing of the plan.
    pub(super) fn item(self, kind: ItemKind) -> Item {
        let why = "The target documents no such list; an organization has a `registration_mode`.";
        let entry = Item::new(kind, self.id, Verdict::CannotMove, why);
        match self.identifier_type {
            Some(name) => entry.named(name),
            None => entry,
        }
    }
}
