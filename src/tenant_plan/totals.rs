//! How many things a plan has of each kind and verdict.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Item, ItemKind, Verdict};

/// How many things there are, by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All of them.
    pub all: u64,
    /// [`Verdict::Moved`]
    pub moved: u64,
    /// [`Verdict::Check`]
    pub check: u64,
    /// [`Verdict::ToDo`]
    pub to_do: u64,
    /// [`Verdict::CannotMove`]
    pub cannot_move: u64,
}

impl Count {
    fn add(&mut self, verdict: Verdict) {
        self.all += 1;
        *match verdict {
            Verdict::Moved => &mut self.moved,
            Verdict::Check => &mut self.check,
            Verdict::ToDo => &mut self.to_do,
            Verdict::CannotMove => &mut self.cannot_move,
        } += 1;
    }
}

/// How many things a plan has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Of all kinds.
    pub all: Count,
    /// Of each kind.
    pub kinds: BTreeMap<ItemKind, Count>,
}

impl Totals {
    /// Counts a thing and its parts.
    pub(super) fn add(&mut self, item: &Item) {
        for item in item.all() {
            self.all.add(item.verdict);
            self.kinds.entry(item.kind).or_default().add(item.verdict);
        }
    }
}
