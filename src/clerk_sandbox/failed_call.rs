//! Errors in Clerk's form.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::sandbox::Refusal;

/// An error answer. Messages never repeat a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedCall {
    status: u16,
    code: &'static str,
    message: String,
    /// The parameter at fault.
    parameter: Option<String>,
    /// When to come again, in seconds.
    retry_after: Option<u64>,
}

impl FailedCall {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), parameter: None, retry_after: None }
    }

    /// 401.
    pub(super) fn authentication() -> Self {
        Self::new(401, "clerk_key_invalid", "The provided Clerk Secret Key is invalid.")
    }

    /// 404.
    pub(super) fn not_found() -> Self {
        Self::new(404, "resource_not_found", "The resource was not found.")
    }

    /// 405.
    pub(super) fn method() -> Self {
        Self::new(405, "method_not_allowed", "This method does not exist here.")
    }

    /// 422 because of a parameter.
    pub(super) fn parameter(code: &'static str, name: &str, message: impl Into<String>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::new(422, code, message) }
    }

    /// 422: the document has no such parameter.
    pub(super) fn unknown_parameter(name: &str) -> Self {
        Self::parameter("form_param_unknown", name, "This parameter is not documented for this request.")
    }

    /// 422: a value that the document does not allow.
    pub(super) fn invalid_value(name: &str, message: impl Into<String>) -> Self {
        Self::parameter("form_param_value_invalid", name, message)
    }

    /// 422: the body is no JSON of the documented form.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::new(422, "request_body_invalid", message)
    }

    /// 429.
    pub(super) fn rate_limited(retry_after: Option<u64>) -> Self {
        let message = "Too many requests. Please wait before you send another one.";
        Self { retry_after, ..Self::new(429, "too_many_requests", message) }
    }

    /// 500 for a failure of ours, or another status for a fault on purpose.
    pub(super) fn internal(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "internal_clerk_error", message)
    }

    /// The answer.
    pub(super) fn response(&self) -> Response {
        let mut error = json!({"message": self.message, "long_message": self.message, "code": self.code});
        if let Some(parameter) = &self.parameter {
            error["meta"] = json!({"param_name": parameter});
        }
        let trace_id = uuid::Uuid::new_v4().simple().to_string();
        let body = json!({"errors": [error], "clerk_trace_id": trace_id}).to_string();
        let mut response = answer(self.status, body.into_bytes());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<rusqlite::Error> for FailedCall {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(500, format!("the database failed: {error}"))
    }
}

/// How this API words an error of the server.
pub(super) fn refuse(refusal: Refusal, _: &str) -> Response {
    let failure = match refusal {
        Refusal::Misdirected => FailedCall::new(421, "host_invalid", "The Host header names another machine."),
        Refusal::Fault(429) => FailedCall::rate_limited(None),
        Refusal::Fault(status) => FailedCall::internal(status, "A fault on purpose."),
        Refusal::Coding => FailedCall::internal(415, "This content coding is not accepted."),
        Refusal::Corrupt => FailedCall::internal(400, "The body cannot be unpacked."),
    };
    failure.response()
}

/// An answer of JSON.
pub(super) fn answer(status: u16, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
