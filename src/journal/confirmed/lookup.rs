//! Looks up what the target confirmed.

use super::ContentHash;
use super::confirmed_key::ConfirmedKey;
use super::entry::{ENTRY_BYTES, KEY_BYTES};
use crate::index::SortedFile;

/// Looks users up. Shared by all mapper workers.
#[derive(Debug)]
pub struct ConfirmedLookup {
    pub(super) users: SortedFile<ENTRY_BYTES>,
}

impl ConfirmedLookup {
    /// Whether the target is known to have this user with exactly this content.
    pub fn is_confirmed(&self, external_id: &str, content: ContentHash) -> bool {
        self.has(ConfirmedKey::of(external_id), content)
    }

    /// The same for the user with this key.
    pub fn has(&self, key: ConfirmedKey, content: ContentHash) -> bool {
        match self.users.find(&key.0) {
            Ok(found) => found.is_some_and(|entry| entry[KEY_BYTES..] == content.0),
            Err(error) => {
                tracing::debug!(%error, "a known user could not be looked up");
                false
            }
        }
    }
}
