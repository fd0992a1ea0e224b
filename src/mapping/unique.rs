//! What no two identities at the target share, and no two records of an input.

use super::identity::TraitValue;
use super::{Address, Claim, MigrationIdentity, RejectCode, normal_form};

/// A field that is unique at the target.
///
/// The numbers are on disk, in the duplicates of runs: they are never changed and never given to another field. Of records
/// with several fields in common the smallest number is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The key at the target. Of records with several fields in common this is the one to report: they are the same user.
    ExternalId = 0,
    /// The primary address, in its `normal_form`.
    Email = 1,
    /// The username, in its `normal_form`.
    Username = 2,
    /// The primary number.
    Phone = 3,
    /// An organization, by its id at Clerk.
    Organization = 4,
    /// The name of an organization at the target.
    OrganizationName = 5,
    /// A membership, by organization and user.
    Membership = 6,
    /// The role of a membership, by organization and user.
    RoleTuple = 7,
    /// An invitation, by organization and address.
    Invitation = 8,
    /// The id at Clerk of a user: two records with one are one user, even if they have different external ids.
    ClerkId = 9,
}

impl Unique {
    const ALL: [Self; 10] = [
        Self::ExternalId,
        Self::Email,
        Self::Username,
        Self::Phone,
        Self::Organization,
        Self::OrganizationName,
        Self::Membership,
        Self::RoleTuple,
        Self::Invitation,
        Self::ClerkId,
    ];

    /// Its number on disk.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// The field with this number.
    pub(crate) fn of(number: u8) -> Self {
        Self::ALL.into_iter().find(|unique| unique.number() == number).unwrap_or(Self::ExternalId)
    }

    /// The code of a record that has the same as another one, which stays.
    pub const fn code(self) -> RejectCode {
        match self {
            Self::ExternalId => RejectCode::DuplicateExternalId,
            Self::Email => RejectCode::DuplicateEmail,
            Self::Username => RejectCode::DuplicateUsername,
            Self::Phone => RejectCode::DuplicatePhone,
            Self::Organization => RejectCode::DuplicateOrganization,
            Self::OrganizationName => RejectCode::DuplicateSlug,
            Self::Membership | Self::RoleTuple => RejectCode::DuplicateMembership,
            Self::Invitation => RejectCode::DuplicateInvitation,
            Self::ClerkId => RejectCode::DuplicateClerkId,
        }
    }

    /// The field at Clerk.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Email => "email_addresses",
            Self::Username => "username",
            Self::Phone => "phone_numbers",
            Self::Organization | Self::ClerkId => "id",
            Self::OrganizationName => "slug",
            Self::Membership | Self::RoleTuple => "organization",
            Self::Invitation => "email_address",
        }
    }

    /// For messages.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::ExternalId => "external id",
            Self::Email => "email address",
            Self::Username => "username",
            Self::Phone => "phone number",
            Self::Organization => "organization id",
            Self::OrganizationName => "name at the target",
            Self::Membership | Self::RoleTuple => "organization and user",
            Self::Invitation => "organization and address",
            Self::ClerkId => "id at Clerk",
        }
    }
}

impl MigrationIdentity<'_> {
    /// Shows each unique field that it has to `each`, and how it has that, in a form in which equal means the same at the target.
    pub(crate) fn unique(&self, mut each: impl FnMut(Unique, Claim, &str)) {
        each(Unique::ExternalId, Claim::Sole, self.external_id);
        each(Unique::ClerkId, Claim::Sole, self.admin_metadata.clerk.id);
        each(Unique::Email, self.email_claim, &normal_form(&self.traits.email));
        if let Some(username) = &self.traits.username {
            each(Unique::Username, Claim::Sole, &normal_form(username));
        }
        if let Some(phone) = self.traits.phone {
            each(Unique::Phone, self.phone_claim, phone);
        }
    }

    /// Shows each verified address and number beside the primary ones to `each`, in the same form. The target takes two users with
    /// one of these, but only one of them can be its owner.
    pub(crate) fn verified_beside(&self, mut each: impl FnMut(Unique, &str)) {
        let mut show_all = |addresses: &[Address<'_>]| {
            for Address { value, .. } in addresses.iter().filter(|address| address.verified && !address.primary) {
                let unique = if value.starts_with('+') && !value.contains('@') { Unique::Phone } else { Unique::Email };
                each(unique, &normal_form(value));
            }
        };
        let traits = &self.traits;
        [&traits.email_addresses, &traits.phone_numbers].into_iter().flatten().for_each(|list| show_all(list));
        for other in &traits.others {
            if let TraitValue::Addresses(list) = &other.value {
                show_all(list);
            }
        }
    }
}
