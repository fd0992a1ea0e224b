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
    /// The organization that it belongs to.
    Organization,
    /// Active or disabled.
    State,
    /// The traits, metadata among them.
    Traits,
    /// The metadata that the user may read and not write, where they are no trait.
    PublicMetadata,
    /// The metadata that only administrators see.
    AdminMetadata,
    /// A password was to be there, and is not. One that the user has set since is no difference.
    Password,
    /// A social sign-in was to be there, and is not. One that the user has added since is no difference.
    SocialSignIns,
    /// The unique name of an organization.
    Name,
    /// What people call an organization.
    DisplayName,
    /// What the addresses of an organization have in them; never changed at the target.
    Slug,
    /// The metadata of an organization that its members see.
    Metadata,
    /// The role of a member.
    Role,
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Field {
    /// Its stable name, in accounts.
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
            Self::Organization => "organization_id",
            Self::State => "state",
            Self::Traits => "traits",
            Self::PublicMetadata => "public_metadata",
            Self::AdminMetadata => "admin_metadata",
            Self::Password => "password",
            Self::SocialSignIns => "social_sign_ins",
            Self::Name => "name",
            Self::DisplayName => "display_name",
            Self::Slug => "slug",
            Self::Metadata => "metadata",
            Self::Role => "role",
        }
    }

    /// Whether it is ever changed. How somebody signs in is not: the user may have changed that since.
    pub const fn is_changeable(self) -> bool {
        !matches!(self, Self::Password | Self::SocialSignIns | Self::Name | Self::Slug)
    }

    /// Whether no two identities have the same.
    pub const fn is_unique(self) -> bool {
        matches!(self, Self::ExternalId | Self::Email | Self::Username | Self::Phone | Self::Name | Self::Slug)
    }
}
