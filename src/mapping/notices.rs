//! A small set of notices about one user, and the numbers under which notices are kept on disk.

use super::Notice;

/// Bits that a set takes at most where it is packed: see [`crate::index::RecordPlace`].
const MOST: u32 = 40;

impl Notice {
    /// The number under which journals keep it. Nothing else depends on it: notices may be declared and reported in any order.
    ///
    /// A number is never changed and never given to another notice, not even when its notice is gone: journals that are on
    /// somebody's disk would be read as something else.
    pub const fn number(self) -> u32 {
        match self {
            Self::PasswordNotPortable => 0,
            Self::PasswordMalformed => 1,
            Self::PasswordMissing => 2,
            Self::PrimaryEmailUnknown => 3,
            Self::PrimaryPhoneUnknown => 4,
            Self::SecondaryEmailInvalid => 5,
            Self::PhoneInvalid => 6,
            Self::LocaleInvalid => 7,
            Self::ExternalAccountUnverified => 8,
            Self::EmailPlaceholder => 9,
            Self::UnknownFields => 10,
            Self::DiffersAtTarget => 11,
            Self::Totp => 12,
            Self::BackupCodes => 13,
            Self::Passkeys => 14,
            Self::SecondFactorPhone => 15,
            Self::EnterpriseAccounts => 16,
            Self::Web3Wallets => 17,
            Self::ProfileImage => 18,
            Self::VerificationUnknown => 19,
            Self::NotInPasswords => 20,
            Self::PasswordConflict => 21,
            Self::EmailUnverifiedDropped => 22,
            Self::UsernameInvalidDropped => 23,
            Self::PrimaryNotNamed => 24,
            Self::TimeInSeconds => 25,
            Self::MetadataNotObject => 26,
            Self::ExternalAccountIncomplete => 27,
            Self::OrganizationMemberships => 28,
            Self::AddressTrimmed => 29,
            Self::AddressShared => 30,
            Self::SlugMade => 31,
            Self::RoleAsTuple => 32,
            Self::MembershipPrivateMetadata => 33,
            Self::OrganizationLimits => 34,
            Self::OrganizationImage => 35,
            Self::MembershipsIncomplete => 36,
        }
    }
}

/// The notices about one user, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices(u64);

impl Notices {
    /// Adds a notice.
    pub fn add(&mut self, notice: Notice) {
        self.0 |= Self::bit(notice);
    }

    /// Adds a notice if the condition holds.
    pub(super) fn add_if(&mut self, condition: bool, notice: Notice) {
        if condition {
            self.add(notice);
        }
    }

    /// Adds all of the others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// Whether the notice was added.
    pub fn contains(self, notice: Notice) -> bool {
        self.0 & Self::bit(notice) != 0
    }

    /// The notices, in the order of [`Notice::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Notice> {
        Notice::ALL.iter().copied().filter(move |&notice| self.contains(notice))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as bits, for the journal: each notice is the bit of its [`Notice::number`].
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The set that had these bits. Bits of notices that only a later version knows are kept and not reported.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    const fn bit(notice: Notice) -> u64 {
        1 << notice.number()
    }
}

impl From<Notice> for Notices {
    fn from(notice: Notice) -> Self {
        Self(Self::bit(notice))
    }
}

/// Two notices with one number would be taken for each other.
const _: () = {
    let (mut taken, mut index) = (0, 0);
    while index < Notice::ALL.len() {
        let notice = Notice::ALL[index];
        assert!(notice.number() < MOST, "the notes of a `RecordPlace` need another byte");
        assert!(taken & Notices::bit(notice) == 0, "two notices have the same number");
        taken |= Notices::bit(notice);
        index += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    /// As journals on somebody's disk have them. To this list is only ever added.
    const ON_DISK: [(u32, &str); 37] = [
        (0, "password_not_portable"),
        (1, "password_malformed"),
        (2, "password_missing"),
        (3, "primary_email_unknown"),
        (4, "primary_phone_unknown"),
        (5, "secondary_email_invalid"),
        (6, "phone_invalid"),
        (7, "locale_invalid"),
        (8, "external_account_unverified"),
        (9, "email_placeholder"),
        (10, "unknown_fields"),
        (11, "differs_at_target"),
        (12, "totp"),
        (13, "backup_codes"),
        (14, "passkeys"),
        (15, "second_factor_phone"),
        (16, "enterprise_accounts"),
        (17, "web3_wallets"),
        (18, "profile_image"),
        (19, "verification_unknown"),
        (20, "not_in_passwords"),
        (21, "password_conflict"),
        (22, "email_unverified_dropped"),
        (23, "username_invalid_dropped"),
        (24, "primary_not_named"),
        (25, "time_in_seconds"),
        (26, "metadata_not_object"),
        (27, "external_account_incomplete"),
        (28, "organization_memberships"),
        (29, "address_trimmed"),
        (30, "address_shared"),
        (31, "slug_made"),
        (32, "role_as_tuple"),
        (33, "membership_private_metadata"),
        (34, "organization_limits"),
        (35, "organization_image"),
        (36, "memberships_incomplete"),
    ];

    #[test]
    fn a_notice_keeps_its_number() {
        for (number, code) in ON_DISK {
            let named: Vec<&str> = Notices::from_bits(1 << number).iter().map(Notice::as_str).collect();
            assert_eq!(named, [code]);
        }
        assert_eq!(ON_DISK.len(), Notice::ALL.len(), "a new notice belongs into the list, too");
        let later = Notices::from_bits(u64::MAX);
        assert_eq!(later.iter().count(), Notice::ALL.len(), "what only a later version knows is not counted");
    }
}
