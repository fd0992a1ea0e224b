//! Who issues tokens: the sandbox, by the name under which it was called.

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// The issuer, such as `http://127.0.0.1:4455`. The server has seen to it that the `Host` header names this machine.
pub(super) fn issuer(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}
