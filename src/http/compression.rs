//! Compressed request bodies, for those who say that they take them.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Response;
use reqwest::header::ACCEPT_ENCODING;

/// Bodies below this are sent as they are, even where compressed ones are taken.
const WORTH_COMPRESSING: usize = 1024;

/// What is known of whether the other side takes compressed bodies.
#[derive(Clone, Debug, Default)]
pub(super) struct GzipWelcome {
    /// It said that it takes them.
    is_taken: Arc<AtomicBool>,
    /// It refused one, which is final.
    is_refused: Arc<AtomicBool>,
}

impl GzipWelcome {
    /// Reads what an answer says about it (RFC 9110, section 12.5.3).
    pub(super) fn read(&self, response: &Response) {
        let header = response.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let names = header.split(',').filter_map(|coding| coding.split(';').next());
        if names.into_iter().any(|name| name.trim().eq_ignore_ascii_case("gzip")) {
            self.is_taken.store(true, Ordering::Relaxed);
        }
    }

    /// It refused a compressed body. What said that it is welcome, a gateway for example, is not what reads it.
    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Whether a body of this length is to be compressed.
    pub(super) fn is_for(&self, length: usize) -> bool {
        length >= WORTH_COMPRESSING && self.is_taken.load(Ordering::Relaxed) && !self.is_refused.load(Ordering::Relaxed)
    }
}

/// A body as gzip.
pub(super) async fn compressed(body: Bytes) -> Bytes {
    let plain = body.clone();
    let compressed = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
        encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
    });
    compressed.await.map_or(body, Bytes::from)
}
