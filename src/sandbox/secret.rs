//! Secrets that the sandbox makes, and their digests, which are all that it keeps of them.

use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::api_error::ApiError;

/// A text of 43 characters that nobody can guess: letters, digits, `-` and `_`.
pub(super) fn new_secret() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| ApiError::internal(500, "no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a secret. It has too many possible values to be found by trying, so a fast digest is enough.
pub(super) fn digest_of(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
