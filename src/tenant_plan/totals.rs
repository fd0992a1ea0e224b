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
    /// Counts these things and their parts.
    pub fn of(items: &[Item]) -> Self {
        let mut totals = Self::default();
        for item in items.iter().flat_map(Item::all) {
            totals.all.add(item.verdict);
            totals.kinds.entry(item.kind).or_default().add(item.verdict);
        }
        totals
    }
}
