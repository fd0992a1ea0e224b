//! Plans with applications, for tests of clients.

use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// An application of a plan.
pub fn application(number: usize, is_public: bool, uris: &[&str]) -> Value {
    let part = |kind: &str, id: &str| json!({"kind": kind, "id": id, "verdict": "moved", "why": "It is."});
    let scopes = ["offline_access", "openid"].map(|scope| part("scope", scope));
    let parts: Vec<Value> = uris.iter().map(|uri| part("redirect_uri", uri)).chain(scopes).collect();
    json!({
        "kind": "application", "id": format!("oa_{number}"), "name": format!("App {number}"), "verdict": "moved", "why": "It is.",
        "target": {"client_id": format!("client_{number}"), "client_uri": null, "pkce": "S256", "skip_consent": false,
            "token_endpoint_auth_method": if is_public { "none" } else { "client_secret" }},
        "parts": parts,
    })
}

/// A redirect URL of the instance that a person assigned.
pub fn assigned(number: usize, url: &str, client: &str) -> Value {
    json!({"kind": "redirect_url", "id": format!("ru_{number}"), "name": url, "verdict": "to_do", "why": "Say it.", "assigned_to": client})
}

/// The plan of these things.
pub fn plan_of(items: &[Value]) -> String {
    json!({
        "format": 1, "instance": {"id": "ins_1", "environment_type": "production"}, "items": items, "missing": [],
        "totals": {"all": {"all": 0, "moved": 0, "check": 0, "to_do": 0, "cannot_move": 0}, "kinds": {}},
    })
    .to_string()
}

/// Sends the requests of the client library.
pub async fn send_for_library(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let (parts, body) = request.into_parts();
    let response = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send().await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}
