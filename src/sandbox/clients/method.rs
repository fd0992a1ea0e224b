//! The methods on OAuth clients.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on OAuth clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum ClientMethod {
    /// `POST /v1/oauth-clients`
    Create,
    /// `GET /v1/oauth-clients`
    List,
    /// `GET /v1/oauth-clients/{client_id}`
    Get(String),
    /// `PATCH /v1/oauth-clients/{client_id}`
    Update(String),
    /// `DELETE /v1/oauth-clients/{client_id}`
    Delete(String),
    /// `POST /v1/oauth-clients/{client_id}:rotateSecret`
    RotateSecret(String),
}

impl ClientMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        let id = |id: &&str| (*id).to_owned();
        match (&path.segments[1..], path.verb) {
            ([], None) => path.one_of([("GET", Self::List), ("POST", Self::Create)]),
            ([client], None) => path.one_of([
                ("GET", Self::Get(id(client))),
                ("PATCH", Self::Update(id(client))),
                ("DELETE", Self::Delete(id(client))),
            ]),
            ([client], Some("rotateSecret")) => path.one_of([("POST", Self::RotateSecret(id(client)))]),
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List | Self::Get(_))
    }
}
