//! One call of the Admin API, without its HTTP transport, and its answer.

use serde::Serialize;

use super::api_error::ApiError;
use super::clients::ClientMethod;
use super::identities::IdentityMethod;
use super::invitations::InvitationMethod;
use super::members::MemberMethod;
use super::organizations::OrganizationMethod;
use super::path::Path;
use super::permissions::PermissionMethod;
use super::webhooks::WebhookMethod;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Identities(IdentityMethod),
    Organizations(OrganizationMethod),
    Members(MemberMethod),
    Invitations(InvitationMethod),
    Permissions(PermissionMethod),
    Clients(ClientMethod),
    Webhooks(WebhookMethod),
}

impl Method {
    /// Finds the method for a path, or the error of an unknown path or of a wrong HTTP method.
    pub(super) fn parse(http: &str, path: &str) -> Result<Self, ApiError> {
        let path = Path::parse(http, path)?;
        match path.segments.as_slice() {
            ["identities", ..] => IdentityMethod::parse(&path).map(Self::Identities),
            ["organizations", _, "members", ..] | ["memberships"] => MemberMethod::parse(&path).map(Self::Members),
            ["organizations", _, "invitations", ..] | ["invitations"] => {
                InvitationMethod::parse(&path).map(Self::Invitations)
            }
            ["organizations", ..] => OrganizationMethod::parse(&path).map(Self::Organizations),
            ["permissions"] => PermissionMethod::parse(&path).map(Self::Permissions),
            ["oauth-clients", ..] => ClientMethod::parse(&path).map(Self::Clients),
            ["webhooks", ..] => WebhookMethod::parse(&path).map(Self::Webhooks),
            _ => Err(Path::unknown()),
        }
    }

    /// Whether a target with only the documented methods lacks it: the batch methods, and all methods on OAuth clients.
    pub(super) fn is_undocumented(&self) -> bool {
        match self {
            Self::Identities(method) => method.is_batch(),
            Self::Organizations(method) => method.is_batch(),
            Self::Members(method) => method.is_batch(),
            Self::Invitations(method) => method.is_batch(),
            Self::Permissions(method) => method.is_batch(),
            Self::Clients(_) => true,
            Self::Webhooks(_) => false,
        }
    }

    /// Whether it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        match self {
            Self::Identities(method) => method.is_read(),
            Self::Organizations(method) => method.is_read(),
            Self::Members(method) => method.is_read(),
            Self::Invitations(method) => method.is_read(),
            Self::Permissions(method) => method.is_read(),
            Self::Clients(method) => method.is_read(),
            Self::Webhooks(method) => method.is_read(),
        }
    }

    /// The scope that the key needs.
    pub(super) fn scope(&self) -> &'static str {
        match (self, self.is_read()) {
            (Self::Identities(_), true) => "admin:users:read",
            (Self::Identities(_), false) => "admin:users:write",
            (Self::Organizations(_) | Self::Members(_) | Self::Invitations(_), true) => "admin:orgs:read",
            (Self::Organizations(_) | Self::Members(_) | Self::Invitations(_), false) => "admin:orgs:write",
            (Self::Permissions(_), true) => "admin:permissions:read",
            (Self::Permissions(_), false) => "admin:permissions:write",
            (Self::Clients(_), true) => "admin:oauth-clients:read",
            (Self::Clients(_), false) => "admin:oauth-clients:write",
            // No page names another scope of them.
            (Self::Webhooks(_), _) => "admin:webhooks:write",
        }
    }
}

/// A call, with everything that decides its answer.
#[derive(Debug)]
pub(super) struct ReceivedCall {
    pub method: Method,
    /// The decoded pairs of the query.
    pub query: Vec<(String, String)>,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    pub body: Vec<u8>,
    /// How likely each item of a batch is to fail on purpose.
    pub item_fault: f64,
    /// Whether a member's role is a tuple, too, without anybody asking for it.
    pub member_tuples: bool,
}

impl ReceivedCall {
    /// The first query value of this name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of a query parameter that lists several with commas, at most this many.
    pub(super) fn query_list(&self, name: &str, most: usize) -> Result<Vec<&str>, ApiError> {
        let given = self.query.iter().filter(|(key, _)| key == name);
        let values: Vec<&str> =
            given.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect();
        if values.len() > most {
            return Err(ApiError::validation(format!("at most {most} items at a time")));
        }
        Ok(values)
    }
}

/// A successful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiAnswer {
    pub status: u16,
    pub body: Vec<u8>,
    pub etag: Option<String>,
    /// A call with this idempotency key got this answer before.
    pub replayed: bool,
}

impl ApiAnswer {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, etag: None, replayed: false }
    }

    /// An answer with this value as JSON.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::internal(500, error.to_string()))?;
        Ok(Self::new(status, body))
    }
}
