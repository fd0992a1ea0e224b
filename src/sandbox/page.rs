//! The pages for people: one frame, which needs nothing from elsewhere and runs no script, and the front page.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// `GET /`: says what this is.
pub(super) async fn front() -> Response {
    page(StatusCode::OK, "Start", include_str!("front.html"))
}

/// A page with this title and content, both HTML.
pub(super) fn page(status: StatusCode, title: &str, content: &str) -> Response {
    page_that_leads_to(status, title, content, None)
}

/// A page whose form leads to somewhere else in the end, too: to this origin.
pub(super) fn page_that_leads_to(status: StatusCode, title: &str, content: &str, origin: Option<&str>) -> Response {
    let page =
        include_str!("page.html").replace("<!-- title -->", title).replacen("<!-- content -->", content.trim_end(), 1);
    let mut response = (status, Html(Body::from(page))).into_response();
    let origin = origin.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'{origin}; base-uri 'none'; frame-ancestors 'none'"
    );
    let strictest = HeaderValue::from_static("default-src 'none'");
    let policy = HeaderValue::try_from(policy).unwrap_or(strictest);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A text as it may stand in HTML, in an attribute too.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
