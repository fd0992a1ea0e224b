//! What a request asks for, by its method and path.

use super::documented::{
    DOMAINS_OF_ORGANIZATION, INVITATIONS_OF_ORGANIZATION, MEMBERSHIPS_OF_ORGANIZATION, MEMBERSHIPS_OF_USER,
    PENDING_OF_ORGANIZATION, list_of,
};
use super::failed_call::FailedCall;
use super::kind::Kind;
use super::list::List;
use super::page::Owner;

/// What a caller wants.
#[derive(Debug)]
pub(super) enum Operation {
    /// A page of a list, of a whole instance or of one record in it.
    Page(&'static List, Option<Owner>),
    /// `GET /users/count`
    CountUsers,
    /// `GET /{kind}/{id}`
    Get(Kind, String),
    /// `GET /organizations/{organization_id}/invitations/{invitation_id}`
    GetInvitation(String, String),
    /// `GET /instance`, and what lies below it
    GetSingle(Kind),
    /// `POST /users`
    CreateUser,
    /// `PATCH /users/{id}`
    UpdateUser(String),
    /// `PATCH /users/{id}/metadata`
    MergeMetadata(String),
    /// `PUT /users/{id}/metadata`
    ReplaceMetadata(String),
    /// `POST /users/{id}/ban` and the like: the member that is set, and to what.
    SetFlag(String, &'static str, bool),
    /// `DELETE /users/{id}`
    DeleteUser(String),
    /// The stand-in's own `PUT /sandbox/{kind}/{id}`
    Put(Kind, String),
    /// The stand-in's own `DELETE /sandbox/{kind}/{id}`
    Delete(Kind, String),
}

impl Operation {
    /// Finds what is behind a path.
    pub(super) fn of(method: &str, path: &str) -> Result<Self, FailedCall> {
        if let Some(path) = path.strip_prefix("/sandbox/") {
            let (kind, id) = path.split_once('/').ok_or_else(FailedCall::not_found)?;
            let kind = Kind::named(kind).ok_or_else(FailedCall::not_found)?;
            return match method {
                "PUT" => Ok(Self::Put(kind, id.to_owned())),
                "DELETE" => Ok(Self::Delete(kind, id.to_owned())),
                _ => Err(FailedCall::method()),
            };
        }
        let path = path.strip_prefix("/v1/").ok_or_else(FailedCall::not_found)?;
        let names: Vec<&str> = path.split('/').collect();
        match method {
            "GET" => Self::reading(&names),
            "POST" | "PATCH" | "PUT" | "DELETE" => Self::writing(method, &names),
            _ => Err(FailedCall::method()),
        }
    }

    fn reading(names: &[&str]) -> Result<Self, FailedCall> {
        let of = |kind, id: &str| Some(Owner { kind, id: id.to_owned() });
        let of_organization = |id| of(Kind::Organizations, id);
        Ok(match *names {
            ["users", "count"] => Self::CountUsers,
            ["users", id, "organization_memberships"] => Self::Page(&MEMBERSHIPS_OF_USER, of(Kind::Users, id)),
            ["organizations", id, "memberships"] => Self::Page(&MEMBERSHIPS_OF_ORGANIZATION, of_organization(id)),
            ["organizations", id, "invitations"] => Self::Page(&INVITATIONS_OF_ORGANIZATION, of_organization(id)),
            ["organizations", id, "invitations", "pending"] => {
                Self::Page(&PENDING_OF_ORGANIZATION, of_organization(id))
            }
            ["organizations", organization, "invitations", id] => {
                Self::GetInvitation(organization.to_owned(), id.to_owned())
            }
            ["organizations", id, "domains"] => Self::Page(&DOMAINS_OF_ORGANIZATION, of_organization(id)),
            ["instance"] => Self::GetSingle(Kind::Instance),
            ["instance", "organization_settings"] => Self::GetSingle(Kind::OrganizationSettings),
            ["instance", "oauth_application_settings"] => Self::GetSingle(Kind::OauthApplicationSettings),
            ["instance", "communication"] => Self::GetSingle(Kind::Communication),
            ["instance", "protect"] => Self::GetSingle(Kind::Protect),
            [kind] => {
                let list = Kind::ALL.iter().find(|known| known.name() == kind).and_then(|kind| list_of(*kind));
                Self::Page(list.ok_or_else(FailedCall::not_found)?, None)
            }
            [kind, id] if !id.is_empty() => {
                let kind = Kind::ALL.iter().find(|known| known.name() == kind && known.is_read_by_id());
                Self::Get(*kind.ok_or_else(FailedCall::not_found)?, id.to_owned())
            }
            _ => return Err(FailedCall::not_found()),
        })
    }

    fn writing(method: &str, names: &[&str]) -> Result<Self, FailedCall> {
        Ok(match (method, names) {
            ("POST", ["users"]) => Self::CreateUser,
            ("PATCH", ["users", id]) => Self::UpdateUser((*id).to_owned()),
            ("DELETE", ["users", id]) => Self::DeleteUser((*id).to_owned()),
            ("PATCH", ["users", id, "metadata"]) => Self::MergeMetadata((*id).to_owned()),
            ("PUT", ["users", id, "metadata"]) => Self::ReplaceMetadata((*id).to_owned()),
            ("POST", ["users", id, "ban"]) => Self::SetFlag((*id).to_owned(), "banned", true),
            ("POST", ["users", id, "unban"]) => Self::SetFlag((*id).to_owned(), "banned", false),
            ("POST", ["users", id, "lock"]) => Self::SetFlag((*id).to_owned(), "locked", true),
            ("POST", ["users", id, "unlock"]) => Self::SetFlag((*id).to_owned(), "locked", false),
            // Known to those who read, or to nobody.
            _ => return Err(Self::reading(names).map_or_else(|unknown| unknown, |_| FailedCall::method())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_the_document_does_not_have_are_unknown() {
        for (method, path) in [
            ("GET", "/v1/users/"),
            ("GET", "/v1/odd"),
            ("GET", "/v1/instance_protect"),
            ("GET", "/v1/domains/dmn_1"),
            ("GET", "/users"),
            ("POST", "/v1/webhooks/svix_url"),
            ("GET", "/sandbox/users"),
        ] {
            assert_eq!(Operation::of(method, path).unwrap_err(), FailedCall::not_found(), "{method} {path}");
        }
        for (method, path) in [("DELETE", "/v1/users"), ("PUT", "/v1/organizations"), ("OPTIONS", "/v1/users")] {
            assert_eq!(Operation::of(method, path).unwrap_err(), FailedCall::method(), "{method} {path}");
        }
    }
}
