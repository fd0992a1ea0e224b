//! A record that the target confirmed.

use super::ContentHash;
use super::entry::{KEY_BYTES, key};
use crate::journal::RecordKey;

/// One user in this many may become part of the sample. A sample of a small tenant is smaller.
const SAMPLED: u8 = 8;

/// A user whom the target has, or a record of another kind that it has: of those only the external id and the content are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedRecord {
    pub(super) key: [u8; KEY_BYTES],
    pub(super) content: ContentHash,
    /// The external id and the target's own id, of a few users: names of everybody would cost more than all the rest.
    pub(super) names: Option<(Box<str>, Box<str>)>,
    /// It was just created.
    pub(super) is_newest: bool,
    /// The external id that a user had, the one they have since, and the target's own id.
    pub(super) renamed: Option<(Box<str>, Box<str>, Box<str>)>,
    /// The record of this run that it is now exactly as.
    pub(super) record: Option<RecordKey>,
}

impl ConfirmedRecord {
    /// The user with this external id and this id at the target, who was confirmed to be this.
    pub fn new(external_id: &str, id: &str, content: ContentHash) -> Self {
        let key = key(external_id);
        let names = may_be_sampled(key).then(|| (external_id.into(), id.into()));
        Self { key, content, names, is_newest: false, renamed: None, record: None }
    }

    /// A record of another kind with this key, which was confirmed to be this. It is never looked up by name.
    pub fn unsampled(external_id: &str, content: ContentHash) -> Self {
        Self { key: key(external_id), content, names: None, is_newest: false, renamed: None, record: None }
    }

    /// The record with this external id is not as any export has it, and perhaps not there: the target is asked about it.
    pub fn nothing(external_id: &str) -> Self {
        Self::unsampled(external_id, ContentHash::NOTHING)
    }

    /// The user with this id at the target has the second external id now in place of the first, and is not to be looked for
    /// under that.
    pub fn renamed(from: &str, to: &str, id: &str) -> Self {
        Self { renamed: Some((from.into(), to.into(), id.into())), ..Self::nothing(from) }
    }

    /// This record of the run is what it was confirmed to be.
    #[must_use]
    pub fn as_record(self, record: RecordKey) -> Self {
        Self { record: Some(record), ..self }
    }

    /// The record of the run that it was confirmed to be, if one is known.
    pub fn record(&self) -> Option<RecordKey> {
        self.record
    }

    /// This one was just created, the last of several: it is kept by name, to be looked up before the others are believed.
    #[must_use]
    pub fn newest(self, external_id: &str, id: &str) -> Self {
        Self { names: Some((external_id.into(), id.into())), is_newest: true, ..self }
    }
}

/// Whether a user may become part of the fair sample.
pub(super) fn may_be_sampled(key: [u8; KEY_BYTES]) -> bool {
    key[0] < u8::MAX / SAMPLED
}
