//! Looks up what the target confirmed.

use super::ContentHash;
use super::entry::{ENTRY_BYTES, KEY_BYTES, key};
use crate::index::SortedFile;

/// Looks users up. Shared by all mapper workers.
#[derive(Debug)]
pub struct ConfirmedLookup {
    pub(super) users: SortedFile<ENTRY_BYTES>,
}

impl ConfirmedLookup {
    /// Whether the target is known to have this user with exactly this content.
    pub fn is_confirmed(&self, external_id: &str, content: ContentHash) -> bool {
        match self.users.find(&key(external_id)) {
            Ok(found) => found.is_some_and(|entry| entry[KEY_BYTES..] == content.0),
            Err(error) => {
                tracing::debug!(%error, "a known user could not be looked up");
                false
            }
        }
    }
}
