//! The methods on members.

use crate::sandbox::api_error::ApiError;
use crate::sandbox::path::Path;

/// A method on members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum MemberMethod {
    /// `POST /v1/organizations/{id}/members`
    Add(String),
    /// `GET /v1/organizations/{id}/members`
    List(String),
    /// `GET /v1/organizations/{id}/members/{user_id}`
    Get(String, String),
    /// `PATCH /v1/organizations/{id}/members/{user_id}`
    Update(String, String),
    /// `DELETE /v1/organizations/{id}/members/{user_id}`
    Remove(String, String),
    /// `POST /v1/memberships:batchCreate`
    BatchCreate,
    /// `POST /v1/memberships:batchUpdate`
    BatchUpdate,
    /// `POST /v1/memberships:batchDelete`
    BatchDelete,
}

impl MemberMethod {
    pub(in crate::sandbox) fn parse(path: &Path<'_>) -> Result<Self, ApiError> {
        let id = |id: &&str| (*id).to_owned();
        match (path.segments.as_slice(), path.verb) {
            (["memberships"], Some("batchCreate")) => path.one_of([("POST", Self::BatchCreate)]),
            (["memberships"], Some("batchUpdate")) => path.one_of([("POST", Self::BatchUpdate)]),
            (["memberships"], Some("batchDelete")) => path.one_of([("POST", Self::BatchDelete)]),
            ([_, organization, _], None) => {
                path.one_of([("POST", Self::Add(id(organization))), ("GET", Self::List(id(organization)))])
            }
            ([_, organization, _, user], None) => path.one_of([
                ("GET", Self::Get(id(organization), id(user))),
                ("PATCH", Self::Update(id(organization), id(user))),
                ("DELETE", Self::Remove(id(organization), id(user))),
            ]),
            _ => Err(Path::unknown()),
        }
    }

    pub(in crate::sandbox) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate | Self::BatchUpdate | Self::BatchDelete)
    }

    pub(in crate::sandbox) fn is_read(&self) -> bool {
        matches!(self, Self::List(_) | Self::Get(..))
    }
}
