//! How an address, a number or an account was verified.

use super::object::clerk_object;
use super::text::Text;

clerk_object! {
    /// How something was verified.
    pub struct Verification<'de> {
        /// `unverified`, `verified`, `failed`, `expired` or `transferable`.
        status: Text<'de>,
    }
    expecting "a verification object";
    also known [
        "object", "strategy", "attempts", "expire_at", "verified_at_client", "channel", "nonce", "message", "error",
        "external_verification_redirect_url",
    ];
}

/// The API's verification counts if there is one; the plain flag counts only without it.
pub(super) fn is_verified(verification: Option<&Verification<'_>>, flag: Option<bool>) -> bool {
    match verification {
        Some(verification) => verification.status.as_deref() == Some("verified"),
        None => flag == Some(true),
    }
}
