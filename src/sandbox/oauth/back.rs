//! The way back to an application: its redirect URI as it was registered, with the answer in the query.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use url::Url;

use super::grant::Grant;
use super::oauth_error::OAuthError;

/// Sends the browser back with a code.
pub(super) fn with_code(grant: &Grant, code: &str) -> Response {
    to_application(&grant.redirect_uri, &[("code", Some(code)), ("state", grant.state.as_deref())])
}

/// Sends the browser back with an error. The redirect URI has to be one of the client's.
pub(super) fn with_error(redirect_uri: &str, state: Option<&str>, error: &OAuthError) -> Response {
    let description = ("error_description", Some(error.description));
    to_application(redirect_uri, &[("error", Some(error.code)), description, ("state", state)])
}

fn to_application(redirect_uri: &str, answer: &[(&str, Option<&str>)]) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in answer {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    redirect(&format!("{redirect_uri}{}{}", separator(redirect_uri), query.finish()))
}

/// What stands between an address and more of its query. The address itself stays as it is, byte for byte.
fn separator(address: &str) -> &'static str {
    match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    }
}

/// Sends the browser to an address with a `GET`, also after a form.
pub(super) fn redirect(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // A registered address may have letters beyond ASCII, which stay as they are.
    if let Ok(location) = HeaderValue::from_bytes(address.as_bytes()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Where a form may lead, for the policy of its page: a browser follows a redirect after a form only to there.
pub(in crate::sandbox) fn leads_to(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    Some(match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_address_stays_as_it_is() {
        for (uri, location) in [
            ("https://a.example/cb", "https://a.example/cb?code=a%2Fb"),
            ("https://A.example:443/Cb/?x=%2f", "https://A.example:443/Cb/?x=%2f&code=a%2Fb"),
            ("https://a.example?", "https://a.example?code=a%2Fb"),
            ("myapp://cb", "myapp://cb?code=a%2Fb"),
            ("https://bücher.example/", "https://bücher.example/?code=a%2Fb"),
        ] {
            let response = to_application(uri, &[("code", Some("a/b")), ("state", None)]);
            let sent = response.headers()[header::LOCATION].as_bytes();
            assert_eq!(String::from_utf8_lossy(sent), location);
        }
        assert_eq!(leads_to("https://A.example:443/x").as_deref(), Some("https://a.example"));
        assert_eq!(leads_to("myapp://cb").as_deref(), Some("myapp:"));
    }
}
