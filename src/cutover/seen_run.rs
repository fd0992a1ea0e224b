//! What the directory of runs says about one import.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Verification;
use crate::kind::Kind;

/// How an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStanding {
    /// It came to its end.
    Finished,
    /// It did not, or is under way.
    Unfinished,
    /// What it created was deleted again, in part at least.
    Undone,
    /// Its journal cannot be read.
    Damaged,
}

/// The export that users were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSeen {
    /// When it was begun.
    pub started: Timestamp,
    /// Only users that were changed since are in it.
    pub since: Option<Timestamp>,
}

/// How many records of a kind an import had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// All of them.
    pub read: u64,
    /// Those that did not move.
    pub rejected: u64,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRun {
    /// Its id; of several shards all of theirs.
    pub id: String,
    /// What it calls its target.
    pub target: String,
    /// When it began.
    pub started: Timestamp,
    /// When it last changed something at the target, as far as that is known: a run that was broken off may go on much later.
    pub last_active: Timestamp,
    /// How it stands.
    pub standing: RunStanding,
    /// Its records, where they are known.
    pub read: Option<u64>,
    /// Those that did not move.
    pub rejected: Option<u64>,
    /// The same of each kind, if there are several and that is known.
    pub by_kind: BTreeMap<Kind, KindCounts>,
    /// The run whose rejects it mends.
    pub rejects_of: Option<String>,
    /// Whether it is about selected users only.
    pub is_selection: bool,
    /// Which shard it is, and of how many.
    pub shard: Option<(u32, u32)>,
    /// A name for what all shards of one piece of work have in common.
    pub whole: String,
    /// Of which kinds its records were.
    pub kinds: BTreeSet<Kind>,
    /// The export that they were read from, if that is still there as it was.
    pub export: Option<ExportSeen>,
    /// What a comparison with the same inputs found.
    pub verification: Option<Verification>,
}

impl SeenRun {
    /// Whether users were among its records.
    pub(super) fn has_users(&self) -> bool {
        self.kinds.contains(&Kind::User)
    }

    /// Its records of a kind, where they are known.
    pub(super) fn of_kind(&self, kind: Kind) -> Option<KindCounts> {
        if self.kinds.len() > 1 {
            return self.by_kind.get(&kind).copied();
        }
        Some(KindCounts { read: self.read.unwrap_or_default(), rejected: self.rejected? })
    }

    /// What messages call it: its id, and which records it brought, if no users.
    pub(super) fn called(&self) -> String {
        if self.has_users() {
            return self.id.clone();
        }
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.plural()).collect();
        format!("{} ({})", self.id, kinds.join(", "))
    }

    /// Whether it brought the changes since another export only.
    pub(super) fn is_of_changes(&self) -> bool {
        self.export.is_some_and(|export| export.since.is_some())
    }
}
