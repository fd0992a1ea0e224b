//! A target of clients, and what is to be done there.

use crate::avnology::KeyKind;
use crate::settings::AppsSettings;

/// A target of clients, and what is to be done there.
pub(super) struct ClientTarget<'a, R> {
    pub registry: &'a R,
    /// What the memory and reports call it.
    pub name: String,
    /// Which users its key is for.
    pub key_kind: Option<KeyKind>,
    pub settings: &'a AppsSettings,
}
