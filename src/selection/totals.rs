//! What going through the inputs for a selection came to.

use serde::{Deserialize, Serialize};

use crate::source::InputDigest;

/// What going through the inputs for a selection came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SelectionTotals {
    /// What the inputs were, in order.
    pub inputs: Vec<InputDigest>,
    /// How many records they have.
    pub records: u64,
    /// How many of them are selected.
    pub selected: u64,
    /// Records that cannot be read, so that it is not known whether the list or the condition means them. They are not
    /// selected.
    pub unreadable: u64,
    /// Entries of the list that no record has.
    #[serde(default, skip_serializing_if = "NotFound::is_empty")]
    pub not_found: NotFound,
}

/// Entries of a list that no record has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotFound {
    /// How many.
    pub count: u64,
    /// The lines of the first ones, from 1; of a list that was typed, their numbers.
    pub first: Vec<u64>,
}

impl NotFound {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
