//! How a user can be reached: email addresses and phone numbers.

use super::object::clerk_object;
use super::presence::Presence;
use super::text::Text;
use super::verification::{Verification, is_verified};

clerk_object! {
    /// One email address of a user.
    pub struct EmailAddress<'de> {
        /// `idn_…`.
        id: Text<'de>,
        /// The address.
        email_address: Text<'de>,
        /// What the API says about how the address was verified.
        verification: Verification<'de>,
        /// The plain flag of the migration seed, in place of `verification`.
        verified: bool,
        /// Whether Clerk keeps the address for this user, who signs in with it although nobody verified it.
        reserved: bool,
    }
    expecting "an email address object";
    also known [
        "object", "linked_to", "matches_sso_connection", "created_at", "updated_at",
    ];
    a text is its email_address;
}

impl EmailAddress<'_> {
    /// Whether the user has proved that the address is theirs; `None` for a plain text, which does not say.
    pub fn is_verified(&self) -> Option<bool> {
        let says = self.id.is_some() || self.verification.is_some() || self.verified.is_some();
        says.then(|| is_verified(self.verification.as_ref(), self.verified))
    }
}

clerk_object! {
    /// One phone number of a user.
    pub struct PhoneNumber<'de> {
        /// `idn_…`.
        id: Text<'de>,
        /// E.164.
        phone_number: Text<'de>,
        /// Whether it receives codes as a second factor.
        reserved_for_second_factor: bool,
        /// Backup codes for the number. Only their presence matters.
        backup_codes: Presence,
        /// What the API says about how the number was verified.
        verification: Verification<'de>,
        /// The plain flag of the migration seed, in place of `verification`.
        verified: bool,
        /// Whether Clerk keeps the number for this user, who signs in with it although nobody verified it.
        reserved: bool,
    }
    expecting "a phone number object";
    also known [
        "object", "default_second_factor", "linked_to", "created_at", "updated_at",
    ];
    a text is its phone_number;
}

impl PhoneNumber<'_> {
    /// Whether the user has proved that the number is theirs; `None` for a plain text, which does not say.
    pub fn is_verified(&self) -> Option<bool> {
        let says = self.id.is_some() || self.verification.is_some() || self.verified.is_some();
        says.then(|| is_verified(self.verification.as_ref(), self.verified))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_outweighs_the_plain_flag() {
        let email = |text| serde_json::from_str::<EmailAddress<'_>>(text).unwrap().is_verified();
        assert_eq!(email(r#"{"verified":true}"#), Some(true));
        assert_eq!(email(r#"{"verification":{"status":"verified"}}"#), Some(true));
        assert_eq!(email(r#"{"verification":{"status":"expired"},"verified":true}"#), Some(false));
        assert_eq!(email(r#"{"id":"idn_1","verification":null}"#), Some(false));
        assert_eq!(email(r#""ada@example.com""#), None);
    }
}
