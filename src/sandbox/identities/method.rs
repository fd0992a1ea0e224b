//! The methods on identities.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum IdentityMethod {
    /// `POST /v1/identities`
    Create,
    /// `GET /v1/identities`
    List,
    /// `GET /v1/identities/{id}`
    Get(String),
    /// `PATCH /v1/identities/{id}`
    Update(String),
    /// `DELETE /v1/identities/{id}`
    Delete(String),
    /// `POST /v1/identities/{id}:deactivate` and `:reactivate`
    SetState(String, &'static str),
    /// `POST /v1/identities:batchCreate`
    BatchCreate,
    /// `POST /v1/identities:batchUpdate`
    BatchUpdate,
    /// `POST /v1/identities:batchDelete`
    BatchDelete,
    /// `GET /v1/identities:batchGet`
    BatchGet,
}

impl IdentityMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        let id = |id: &&str| (*id).to_owned();
        match (&path.segments[1..], path.verb) {
            ([], None) => path.one_of([("GET", Self::List), ("POST", Self::Create)]),
            ([], Some("batchCreate")) => path.one_of([("POST", Self::BatchCreate)]),
            ([], Some("batchUpdate")) => path.one_of([("POST", Self::BatchUpdate)]),
            ([], Some("batchDelete")) => path.one_of([("POST", Self::BatchDelete)]),
            ([], Some("batchGet")) => path.one_of([("GET", Self::BatchGet)]),
            ([user], None) => path.one_of([
                ("GET", Self::Get(id(user))),
                ("PATCH", Self::Update(id(user))),
                ("DELETE", Self::Delete(id(user))),
            ]),
            ([user], Some("deactivate")) => path.one_of([("POST", Self::SetState(id(user), "disabled"))]),
            ([user], Some("reactivate")) => path.one_of([("POST", Self::SetState(id(user), "active"))]),
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate | Self::BatchUpdate | Self::BatchDelete | Self::BatchGet)
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List | Self::Get(_) | Self::BatchGet)
    }
}
