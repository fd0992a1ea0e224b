//! Reads the bodies that callers send. What is read borrows from their bytes, so that metadata is stored byte for byte.

use serde::Deserialize;

use super::api_error::ApiError;

/// Reads a body, or one item of a body.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiError::validation("the body is not UTF-8"))?;
    // serde's message would repeat what the caller sent, so only the kind of fault and its place are reported.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::validation(format!("the body is malformed ({:?}, line {line}, column {column})", error.classify()))
    })
}
