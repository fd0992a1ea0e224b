//! Posts to somebody who is not the other side of a migration, and so gets no key.

use std::path::Path;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect;
use url::Url;

use super::client::certificates;
use super::transport::transport;
use super::{ClientError, Proxy, ReplyOutcome};

/// Posts small bodies, without a key. Its answers are not read.
#[derive(Clone, Debug)]
pub struct PlainPoster(reqwest::Client);

impl PlainPoster {
    /// Prepares a client; nothing is sent yet.
    pub fn new(timeout: Duration, trusted: Option<&Path>, proxy: Option<&Proxy>) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("avnology-migrate/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy();
        if let Some(path) = trusted {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy.to_reqwest().map_err(ClientError::Library)?);
        }
        builder.build().map(Self).map_err(ClientError::Library)
    }

    /// Posts a body of JSON once.
    pub async fn post(&self, url: Url, body: Vec<u8>) -> ReplyOutcome {
        self.post_with(url, &[], body).await
    }

    /// Posts a body of JSON once, with further headers.
    pub async fn post_with(&self, url: Url, headers: &[(&str, String)], body: Vec<u8>) -> ReplyOutcome {
        let request = self.0.post(url).header(CONTENT_TYPE, "application/json").body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        match request.send().await {
            Ok(response) => ReplyOutcome::Answered { status: response.status().as_u16() },
            Err(error) => ReplyOutcome::Failed(transport(&error)),
        }
    }
}
