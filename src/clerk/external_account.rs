//! A user's sign-in through another provider.

use super::object::clerk_object;
use super::text::Text;
use super::verification::{Verification, is_verified};

clerk_object! {
    /// A sign-in through another provider.
    pub struct ExternalAccount<'de> {
        /// The provider's name, such as `oauth_google`.
        provider: Text<'de>,
        /// The user's id at the provider: the subject of its tokens.
        provider_user_id: Text<'de>,
        /// The user's id at the provider, under the name that the SDK uses.
        external_id as "externalId": Text<'de>,
        /// Whether the user completed the link.
        verification: Verification<'de>,
    }
    expecting "an external account object";
    also known [
        "object", "id", "identification_id", "approved_scopes", "email_address", "email_address_verified", "first_name",
        "last_name", "avatar_url", "image_url", "username", "phone_number", "public_metadata", "label", "created_at",
        "updated_at",
    ];
}

impl ExternalAccount<'_> {
    /// The user's id at the provider.
    pub fn subject(&self) -> Option<&str> {
        self.provider_user_id.as_deref().or(self.external_id.as_deref())
    }

    /// Whether the user proved that the account is theirs. An unfinished link must never become a way to sign in.
    pub fn is_verified(&self) -> bool {
        is_verified(self.verification.as_ref(), None)
    }
}
