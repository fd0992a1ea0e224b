//! The methods on organizations.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum OrganizationMethod {
    /// `POST /v1/organizations`
    Create,
    /// `GET /v1/organizations`
    List,
    /// `GET /v1/organizations/{id}`
    Get(String),
    /// `PATCH /v1/organizations/{id}`
    Update(String),
    /// `DELETE /v1/organizations/{id}`
    Delete(String),
    /// `POST /v1/organizations:batchCreate`
    BatchCreate,
    /// `POST /v1/organizations:batchUpdate`
    BatchUpdate,
    /// `GET /v1/organizations:batchGet`
    BatchGet,
}

impl OrganizationMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        let id = |id: &&str| (*id).to_owned();
        match (&path.segments[1..], path.verb) {
            ([], None) => path.one_of([("GET", Self::List), ("POST", Self::Create)]),
            ([], Some("batchCreate")) => path.one_of([("POST", Self::BatchCreate)]),
            ([], Some("batchUpdate")) => path.one_of([("POST", Self::BatchUpdate)]),
            ([], Some("batchGet")) => path.one_of([("GET", Self::BatchGet)]),
            ([organization], None) => path.one_of([
                ("GET", Self::Get(id(organization))),
                ("PATCH", Self::Update(id(organization))),
                ("DELETE", Self::Delete(id(organization))),
            ]),
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate | Self::BatchUpdate | Self::BatchGet)
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List | Self::Get(_) | Self::BatchGet)
    }
}
