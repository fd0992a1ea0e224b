//! What no two identities at the target share.

use super::{MigrationIdentity, RejectCode};

/// A field that is unique at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The key at the target. Of records with several fields in common this tells most: they are the same user.
    ExternalId,
    /// The primary address, whatever its letters' case.
    Email,
    /// The username, whatever its letters' case.
    Username,
    /// The primary number.
    Phone,
}

impl Unique {
    const ALL: [Self; 4] = [Self::ExternalId, Self::Email, Self::Username, Self::Phone];

    /// The field with this number, as `as u8` gives it.
    pub(crate) fn of(number: u8) -> Self {
        Self::ALL.into_iter().find(|unique| *unique as u8 == number).unwrap_or(Self::ExternalId)
    }

    /// The code of a record that has the same as an earlier one.
    pub const fn code(self) -> RejectCode {
        match self {
            Self::ExternalId => RejectCode::DuplicateExternalId,
            Self::Email => RejectCode::DuplicateEmail,
            Self::Username => RejectCode::DuplicateUsername,
            Self::Phone => RejectCode::DuplicatePhone,
        }
    }

    /// The field at Clerk.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Email => "email_addresses",
            Self::Username => "username",
            Self::Phone => "phone_numbers",
        }
    }

    /// For messages.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::ExternalId => "external id",
            Self::Email => "email address",
            Self::Username => "username",
            Self::Phone => "phone number",
        }
    }
}

impl MigrationIdentity<'_> {
    /// Tells each unique field that it has, in a form in which equal means the same at the target.
    pub(crate) fn unique(&self, mut tell: impl FnMut(Unique, &str)) {
        tell(Unique::ExternalId, self.external_id);
        tell(Unique::Email, &self.traits.email.to_ascii_lowercase());
        if let Some(username) = &self.traits.username {
            tell(Unique::Username, &username.to_ascii_lowercase());
        }
        if let Some(phone) = self.traits.phone {
            tell(Unique::Phone, phone);
        }
    }
}
