//! The methods on endpoints of webhooks.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on endpoints of webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum WebhookMethod {
    /// `POST /v1/webhooks`
    Create,
    /// `GET /v1/webhooks`
    List,
    /// `GET /v1/webhooks/{id}`
    Get(String),
    /// `PATCH /v1/webhooks/{id}`, of `active` alone
    Update(String),
    /// `DELETE /v1/webhooks/{id}`
    Delete(String),
    /// `POST /v1/webhooks/{id}:rotateSecret`
    RotateSecret(String),
}

impl WebhookMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        match (path.segments.as_slice(), path.verb) {
            ([_], None) => path.one_of([("POST", Self::Create), ("GET", Self::List)]),
            ([_, id], None) => {
                let id = (*id).to_owned();
                let (get, update, delete) = (Self::Get(id.clone()), Self::Update(id.clone()), Self::Delete(id));
                path.one_of([("GET", get), ("PATCH", update), ("DELETE", delete)])
            }
            ([_, id], Some("rotateSecret")) => path.one_of([("POST", Self::RotateSecret((*id).to_owned()))]),
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List | Self::Get(_))
    }
}
