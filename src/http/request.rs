//! What is sent, and what is wanted of the answer.

use bytes::Bytes;
use reqwest::Method;
use url::Url;

/// What is kept of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of it: records.
    All,
    /// The results of a batch; long texts are cut off.
    Results,
    /// Nothing, if it is one of success. A page (HTML) is none, with any status: the other side has not answered.
    Nothing,
}

/// One request. It may be sent several times, so all of it is in memory.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON.
    pub(super) body: Option<Bytes>,
    pub(super) idempotency_key: Option<String>,
    /// Further headers that the vendor wants, by name and value.
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) keep: Keep,
}

impl Request {
    /// A `GET`, whose answer is kept as a whole.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url, None, Keep::All)
    }

    /// A `DELETE`, of whose answer the status counts.
    pub fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url, None, Keep::Nothing)
    }

    /// A `DELETE` of what the body of JSON names, of whose answer the status counts.
    pub fn delete_named(url: Url, body: Bytes) -> Self {
        Self::new(Method::DELETE, url, Some(body), Keep::Nothing)
    }

    /// A `PATCH` with JSON, of whose answer the status counts.
    pub fn patch(url: Url, body: Bytes) -> Self {
        Self::new(Method::PATCH, url, Some(body), Keep::Nothing)
    }

    /// A `POST` of JSON, of whose answer the status counts.
    pub fn post(url: Url, body: Bytes) -> Self {
        Self::new(Method::POST, url, Some(body), Keep::Nothing)
    }

    /// This request, of whose answer all is kept.
    #[must_use]
    pub fn with_answer(self) -> Self {
        Self { keep: Keep::All, ..self }
    }

    /// A `POST` of JSON that changes nothing when it comes again under this key, and whose results are kept. Where the other
    /// side takes compressed bodies, it is compressed.
    pub fn idempotent_post(url: Url, body: Bytes, idempotency_key: &str) -> Self {
        let idempotency_key = Some(idempotency_key.to_owned());
        Self { idempotency_key, ..Self::new(Method::POST, url, Some(body), Keep::Results) }
    }

    /// This request with a header of the vendor's.
    #[must_use]
    pub fn with_header(self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    fn new(method: Method, url: Url, body: Option<Bytes>, keep: Keep) -> Self {
        Self { method, url, body, idempotency_key: None, header: None, keep }
    }
}
