//! What a search found.

use std::io;

use serde::{Deserialize, Serialize};

use crate::index::Texts;
use crate::journal::LearnedId;

/// One that an earlier run created: a user, a membership or a role tuple. There is no `Debug`: external ids may be personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedEarlier {
    /// The id at Clerk; of a membership and of its tuple both ids, `organization/user`.
    pub clerk_id: String,
    /// The key at the target.
    pub external_id: String,
    /// The target's own id.
    pub id: String,
    /// The run that created it.
    pub run: String,
    /// The record that it was created for: the index of the input, and the number there.
    pub record: (u16, u64),
}

impl CreatedEarlier {
    /// One that this run created, by its journal.
    pub(super) fn of(run: &str, LearnedId { key, clerk_id, external_id, id }: LearnedId<'_>) -> Self {
        Self {
            clerk_id: clerk_id.to_owned(),
            external_id: external_id.to_owned(),
            id: id.to_owned(),
            run: run.to_owned(),
            record: (key.input, key.number),
        }
    }
}

/// What a search found.
#[derive(Debug)]
pub struct MissingUsers {
    /// Users whom earlier runs of the source created, but for those about whom nothing is left to do.
    pub known: u64,
    /// How many of them are not in the export.
    pub missing: u64,
    /// Users about whom an earlier run did what there was to do, and who are still missing.
    pub settled: u64,
    /// Records of the export of which the id at Clerk cannot be read: the missing may be among them.
    pub without_id: u64,
    pub(super) left: Texts,
    pub(super) back: Texts,
}

impl MissingUsers {
    /// Those who are missing.
    pub fn missing_users(&self) -> impl Iterator<Item = io::Result<CreatedEarlier>> {
        read(&self.left)
    }

    /// Those whom an earlier run disabled or left as they were, and who are back in the export; and whether they are to be enabled:
    /// this tool disabled them, and they may sign in at Clerk.
    pub fn back(&self) -> impl Iterator<Item = io::Result<(CreatedEarlier, bool)>> {
        read(&self.back)
    }

    /// Whether more than this percentage of those who are known are missing.
    pub fn is_more_than(&self, percent: u8) -> bool {
        is_more_than(self.missing, self.known, percent)
    }
}

/// Whether these are more than this percentage of those who are known.
pub(super) fn is_more_than(missing: u64, known: u64, percent: u8) -> bool {
    u128::from(missing) * 100 > u128::from(known) * u128::from(percent)
}

pub(super) fn read<T: serde::de::DeserializeOwned>(texts: &Texts) -> impl Iterator<Item = io::Result<T>> {
    texts.iter().map(|text| text.and_then(|(_, text)| Ok(serde_json::from_slice(&text)?)))
}
