//! Calls a sandbox as any caller of the Admin API would.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::Sandbox;

/// A caller with a key.
pub struct Caller {
    pub http: reqwest::Client,
    pub base_url: String,
    pub key: String,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("a body") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["error"]["code"], code, "{body}");
        assert!(body["error"]["request_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{body}");
        body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Caller {
    pub fn of(sandbox: &Sandbox) -> Self {
        // A test that waits for a program keeps the runtime waiting, too: a kept connection would not learn that the other side
        // has closed it.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        Self { http, base_url: sandbox.base_url(), key: sandbox.key.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", self.base_url);
        self.http.request(method, url).bearer_auth(&self.key).header("content-type", "application/json")
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        Answer::of(self.request(Method::POST, path).body(body.to_string()).send().await.expect("an answer")).await
    }

    pub async fn post_once(&self, path: &str, body: impl ToString, key: &str) -> Answer {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key).body(body.to_string());
        Answer::of(request.send().await.expect("an answer")).await
    }

    pub async fn patch(&self, path: &str, body: Value, etag: Option<&str>) -> Answer {
        let mut request = self.request(Method::PATCH, path).body(body.to_string());
        if let Some(etag) = etag {
            request = request.header("If-Match", etag);
        }
        Answer::of(request.send().await.expect("an answer")).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.expect("an answer")).await
    }

    /// Signs in on the page for people.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("email", email).append_pair("password", password).finish();
        let request = self.http.post(format!("{}/sign-in", self.base_url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        Answer::of(request.send().await.expect("an answer")).await
    }

    pub async fn create(&self, identity: Value) -> Value {
        self.post("v1/identities", json!({ "identity": identity })).await.expect(201)
    }
}
