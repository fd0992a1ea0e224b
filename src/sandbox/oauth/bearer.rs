//! The access token of a request.

use axum::http::{HeaderMap, header};

/// The token in the header, which is the only place for it: one in the address would be in logs.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
