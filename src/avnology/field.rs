//! A field in which two identities can differ.

use serde::{Serialize, Serializer};

/// A field in which two identities can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The key at the target: the same person may have been given another one at Clerk since.
    ExternalId,
    /// The primary address. How it is spelled does not count, as for duplicates.
    Email,
    /// Whether it is verified.
    EmailVerified,
    /// The username. Letters' case does not count, as for duplicates.
    Username,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// The primary number.
    Phone,
    /// Whether it is verified.
    PhoneVerified,
    /// The locale.
    Locale,
    /// Active or disabled.
    State,
    /// The traits, metadata among them.
    Traits,
    /// The metadata that only administrators see.
    AdminMetadata,
    /// A password was to be there, and is not. One that the user has set since is no difference.
    Password,
    /// A social sign-in was to be there, and is not. One that the user has added since is no difference.
    SocialSignIns,
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Field {
    /// Its name in accounts, and in an `update_mask`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::Username => "username",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Phone => "phone",
            Self::PhoneVerified => "phone_verified",
            Self::Locale => "locale",
            Self::State => "state",
            Self::Traits => "traits",
            Self::AdminMetadata => "admin_metadata",
            Self::Password => "password",
            Self::SocialSignIns => "social_sign_ins",
        }
    }

    /// Its name in an `update_mask`. How somebody signs in is never changed: the user may have done so.
    pub const fn mask(self) -> Option<&'static str> {
        match self {
            Self::Password | Self::SocialSignIns => None,
            field => Some(field.name()),
        }
    }
}
