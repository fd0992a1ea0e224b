//! The methods on permissions.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum PermissionMethod {
    /// `POST /v1/permissions`
    Grant,
    /// `GET /v1/permissions`
    List,
    /// `DELETE /v1/permissions`
    Revoke,
    /// `POST /v1/permissions:check`
    Check,
    /// `POST /v1/permissions:batchCreate`
    BatchCreate,
    /// `POST /v1/permissions:batchDelete`
    BatchDelete,
    /// `POST /v1/permissions:batchCheck`
    BatchCheck,
}

impl PermissionMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        match path.verb {
            None => path.one_of([("POST", Self::Grant), ("GET", Self::List), ("DELETE", Self::Revoke)]),
            Some("check") => path.one_of([("POST", Self::Check)]),
            Some("batchCreate") => path.one_of([("POST", Self::BatchCreate)]),
            Some("batchDelete") => path.one_of([("POST", Self::BatchDelete)]),
            Some("batchCheck") => path.one_of([("POST", Self::BatchCheck)]),
            Some(_) => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate | Self::BatchDelete | Self::BatchCheck)
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List | Self::Check | Self::BatchCheck)
    }
}
