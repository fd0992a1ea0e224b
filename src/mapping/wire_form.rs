//! What a destination says of the form in which it takes identities.

use std::fmt;

use super::{MigrationIdentity, Rejection};

/// The form in which a destination takes an identity. Chosen with the destination, in `settings`.
pub trait WireForm: fmt::Debug + Send + Sync {
    /// Why the destination could not take this identity, if that is known before it is asked.
    fn fault(&self, identity: &MigrationIdentity<'_>) -> Option<Rejection>;

    /// Appends the form in which it takes this identity.
    fn encode(&self, identity: &MigrationIdentity<'_>, body: &mut Vec<u8>);
}
