//! One call of the Admin API, without its HTTP transport, and its answer.

use serde::Serialize;

use super::api_error::ApiError;
use super::options::{READ, WRITE};

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
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

impl Method {
    /// Finds the method for a path, or the error of an unknown path or of a wrong HTTP method.
    pub(super) fn parse(http: &str, path: &str) -> Result<Self, ApiError> {
        let unknown = || ApiError::not_found("the path");
        let rest = path.strip_prefix("/v1/identities").ok_or_else(unknown)?;
        let known = |expected: &str, method: Self| if http == expected { Ok(method) } else { Err(ApiError::method()) };
        if rest.is_empty() {
            return if http == "GET" { Ok(Self::List) } else { known("POST", Self::Create) };
        }
        match rest {
            ":batchCreate" => return known("POST", Self::BatchCreate),
            ":batchUpdate" => return known("POST", Self::BatchUpdate),
            ":batchDelete" => return known("POST", Self::BatchDelete),
            ":batchGet" => return known("GET", Self::BatchGet),
            _ => {}
        }
        let id = rest.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/')).ok_or_else(unknown)?;
        match id.split_once(':') {
            Some((id, "deactivate")) => known("POST", Self::SetState(id.to_owned(), "disabled")),
            Some((id, "reactivate")) => known("POST", Self::SetState(id.to_owned(), "active")),
            Some(_) => Err(unknown()),
            None => match http {
                "GET" => Ok(Self::Get(id.to_owned())),
                "PATCH" => Ok(Self::Update(id.to_owned())),
                "DELETE" => Ok(Self::Delete(id.to_owned())),
                _ => Err(ApiError::method()),
            },
        }
    }

    pub(super) fn is_batch(&self) -> bool {
        matches!(self, Self::BatchCreate | Self::BatchUpdate | Self::BatchDelete | Self::BatchGet)
    }

    pub(super) fn scope(&self) -> &'static str {
        match self {
            Self::List | Self::Get(_) | Self::BatchGet => READ,
            _ => WRITE,
        }
    }
}

/// A call, with everything that decides its answer.
#[derive(Debug)]
pub(super) struct Call {
    pub method: Method,
    /// The decoded pairs of the query.
    pub query: Vec<(String, String)>,
    pub idempotency_key: Option<String>,
    pub if_match: Option<String>,
    pub body: Vec<u8>,
    /// How likely each item of a batch is to fail on purpose.
    pub item_fault: f64,
}

impl Call {
    /// The first query value of this name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A successful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiAnswer {
    pub status: u16,
    pub body: Vec<u8>,
    pub etag: Option<String>,
    /// The same idempotency key got this answer before.
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
