//! The methods on invitations.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum InvitationMethod {
    /// `POST /v1/organizations/{id}/invitations`
    Create(String),
    /// `GET /v1/organizations/{id}/invitations`
    List(String),
    /// `DELETE /v1/organizations/{id}/invitations/{invitation_id}`
    Delete(String, String),
    /// `POST /v1/invitations:batchCreate`
    BatchCreate,
}

impl InvitationMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        let id = |id: &&str| (*id).to_owned();
        match (path.segments.as_slice(), path.verb) {
            (["invitations"], Some("batchCreate")) => path.one_of([("POST", Self::BatchCreate)]),
            ([_, organization, _], None) => {
                path.one_of([("POST", Self::Create(id(organization))), ("GET", Self::List(id(organization)))])
            }
            ([_, organization, _, invitation], None) => {
                path.one_of([("DELETE", Self::Delete(id(organization), id(invitation)))])
            }
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate)
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List(_))
    }
}
