//! Why a record of a tenant has no form for the target.

use std::io;

use crate::mapping::Rejection;

/// Why a record has no form for the target.
pub(super) enum NoTenantForm {
    /// It is rejected.
    Rejected(Rejection),
    /// Whom it refers to could not be looked up. That says nothing about the record.
    Disk(io::Error),
}

impl From<Rejection> for NoTenantForm {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<io::Error> for NoTenantForm {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}
