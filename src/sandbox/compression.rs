//! Compressed bodies, if the sandbox accepts them.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use flate2::read::MultiGzDecoder;
use hyper::body::Incoming;

use super::refusal::Refusal;

/// How much of a body is unpacked: a little more than the largest accepted body, so that a larger one is refused as too
/// large.
const LARGEST: u64 = 8 * 1024 * 1024;

/// The request with an uncompressed body.
pub(super) async fn unpacked(request: Request<Incoming>, accepted: bool) -> Result<Request, Refusal> {
    let Some(coding) = request.headers().get(CONTENT_ENCODING) else { return Ok(request.map(Body::new)) };
    if !accepted || coding != "gzip" {
        return Err(Refusal::Coding);
    }
    let (mut head, body) = request.into_parts();
    let packed = axum::body::to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Refusal::Corrupt)?;
    let body = tokio::task::spawn_blocking(move || unpack(&packed)).await.ok().flatten().ok_or(Refusal::Corrupt)?;
    head.headers.remove(CONTENT_ENCODING);
    head.headers.remove(CONTENT_LENGTH);
    Ok(Request::from_parts(head, Body::from(body)))
}

fn unpack(packed: &Bytes) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    MultiGzDecoder::new(packed.as_ref()).take(LARGEST).read_to_end(&mut body).ok().map(|_| body)
}
