//! The error answers of the API.

use serde::Serialize;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub field: Option<&'static str>,
}

impl ApiError {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), field: None }
    }

    /// 400: the request or one of its fields is wrong. Messages never repeat a value.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "AVNOLOGY_AUTH_902", message)
    }

    /// 400 because of one field.
    pub(super) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::validation(message) }
    }

    /// 401.
    pub(super) fn authentication() -> Self {
        Self::new(401, "AVNOLOGY_AUTH_005", "a valid API key is required")
    }

    /// 401 at sign-in. It does not say whether the address or the password was wrong.
    pub(super) fn credentials() -> Self {
        Self::new(401, "AVNOLOGY_AUTH_001", "wrong email or password")
    }

    /// 423 at sign-in.
    pub(super) fn locked() -> Self {
        Self::new(423, "AVNOLOGY_AUTH_002", "the account is disabled")
    }

    /// 403.
    pub(super) fn permission(scope: &str) -> Self {
        Self::new(403, "AVNOLOGY_AUTH_100", format!("the key lacks the scope {scope}"))
    }

    /// 404.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(404, "AVNOLOGY_AUTH_901", format!("{what} was not found"))
    }

    /// 404 of an organization.
    pub(super) fn organization() -> Self {
        Self::new(404, "AVNOLOGY_AUTH_300", "the organization was not found")
    }

    /// 409: the user is a member already.
    pub(super) fn member_exists() -> Self {
        Self::new(409, "AVNOLOGY_AUTH_301", "the user is a member of the organization already")
    }

    /// This error, because of this field.
    pub(super) fn with_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// 421: the request was meant for another machine.
    pub(super) fn misdirected() -> Self {
        Self::new(
            421,
            "AVNOLOGY_AUTH_901",
            "the Host header names another machine; the sandbox answers to localhost and 127.0.0.1 only",
        )
    }

    /// 405.
    pub(super) fn method() -> Self {
        Self::new(405, "AVNOLOGY_AUTH_901", "this method does not exist here")
    }

    /// 409.
    pub(super) fn conflict(field: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { field, ..Self::new(409, "AVNOLOGY_AUTH_903", message) }
    }

    /// 413.
    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(413, "AVNOLOGY_AUTH_902", format!("the body is larger than {limit} bytes"))
    }

    /// 422: an idempotency key was used again for another request.
    pub(super) fn key_reused() -> Self {
        Self::new(422, "AVNOLOGY_AUTH_902", "this Idempotency-Key was used for another request")
    }

    /// 429.
    pub(super) fn rate_limited() -> Self {
        Self::new(429, "AVNOLOGY_AUTH_021", "rate limit exceeded")
    }

    /// 500 for a failure of the sandbox, or for a fault on purpose.
    pub(super) fn internal(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "AVNOLOGY_AUTH_500", message)
    }

    /// The envelope `{"error":{…}}`.
    pub(super) fn body(&self, request_id: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct ErrorEnvelope<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            code: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'a str>,
            details: Details,
            request_id: &'a str,
        }
        #[derive(Serialize)]
        struct Details {}
        let Self { code, message, field, .. } = self;
        let error = Inner { code, message, field: *field, details: Details {}, request_id };
        serde_json::to_vec(&ErrorEnvelope { error }).unwrap_or_default()
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(500, format!("the database failed: {error}"))
    }
}
