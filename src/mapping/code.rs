//! The stable codes of everything that can be said about a record.
//!
//! Scripts match on these strings: they may be added to, never changed.

use serde::{Serialize, Serializer};

/// Declares a fieldless enum with a stable string and a sentence for each variant.
macro_rules! codes {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident { $( $variant:ident = $code:literal, $sentence:literal; )* }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( #[doc = $sentence] $variant, )*
        }

        impl $name {
            /// All codes, in the order in which reports list them.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// The variant with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|variant| variant.as_str() == code)
            }

            /// What it means, for the report.
            pub const fn sentence(self) -> &'static str {
                match self { $( Self::$variant => $sentence, )* }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

codes! {
    /// Why a record was rejected.
    pub enum RejectCode {
        InvalidJson = "invalid_json", "the record is not valid JSON";
        InvalidRecord = "invalid_record", "the record is not a user object (but an error answer of Clerk's API, for example), or a field has the wrong type";
        InvalidRow = "invalid_row", "the row does not fit the header, has a quote in the wrong place, or is not UTF-8";
        RecordTooLarge = "record_too_large", "the record is larger than --max-record-bytes";
        DeletedUser = "deleted_user", "the stub of a deleted user";
        MissingId = "missing_id", "the user has no id";
        NoEmail = "no_email", "the user has no email address, which the target requires";
        InvalidEmail = "invalid_email", "the primary email address is malformed";
        EmailUnverified = "email_unverified", "the primary email address is not verified, and the mapping file says to reject such users";
        InvalidUsername = "invalid_username", "the username breaks the target's rules";
        FieldTooLong = "field_too_long", "a field is longer than the target allows";
        TraitsSchema = "traits_schema", "the traits do not match the schema of --traits-schema";
        TooLargeForTarget = "too_large_for_target", "the identity is larger than the target's largest request";
        DuplicateExternalId = "duplicate_external_id", "another record of the input has this external id";
        DuplicateEmail = "duplicate_email", "another record of the input has this email address";
        DuplicateUsername = "duplicate_username", "another record of the input has this username";
        DuplicateClerkId = "duplicate_clerk_id", "another record of the input has this id at Clerk";
        DuplicatePhone = "duplicate_phone", "another record of the input has this phone number";
        EmailTaken = "email_taken", "another identity at the target has this email address";
        UsernameTaken = "username_taken", "another identity at the target has this username";
        PhoneTaken = "phone_taken", "another identity at the target has this phone number";
        ExternalIdTaken = "external_id_taken", "another Clerk user with the same external id is at the target already";
        OtherOrganization = "other_organization", "the user is at the target already, in another organization than --organization";
        AlreadyExists = "already_exists", "the identity is at the target already, and --on-existing says to reject it";
        DuplicateOrganization = "duplicate_organization", "an earlier record of the input is this organization";
        DuplicateSlug = "duplicate_slug", "an earlier organization of the input has the same name at the target";
        DuplicateMembership = "duplicate_membership", "an earlier record of the input is this membership";
        DuplicateInvitation = "duplicate_invitation", "an earlier record of the input is this invitation";
        MissingReference = "missing_reference", "the record does not say which organization, user or role it is about";
        InvalidRole = "invalid_role", "the role has a name that the target cannot have; `[roles]` of the mapping file gives it another one";
        InvitationNotPending = "invitation_not_pending", "the invitation was accepted or revoked, or has expired";
        UserNotImported = "user_not_imported", "the user of the record is not known at the target";
        OrganizationNotImported = "organization_not_imported", "the organization of the record is not known at the target";
        MembershipNotImported = "membership_not_imported", "the membership was rejected, or has another role at the target, so its role is not granted";
        SlugTaken = "slug_taken", "another organization at the target has this name";
        StaleReference = "stale_reference", "the target has somebody else, or nobody, under an id that was known from an earlier run: nothing was granted";
        TargetConflict = "target_conflict", "the identity conflicts with another one at the target";
        TargetInvalid = "target_invalid", "the target refused the identity as invalid";
        TargetError = "target_error", "the target failed on this identity again and again";
    }
}

impl RejectCode {
    /// Whether it is the target that refuses such a record; all others are known before anything is sent.
    pub const fn is_of_target(self) -> bool {
        matches!(
            self,
            Self::EmailTaken
                | Self::UsernameTaken
                | Self::PhoneTaken
                | Self::ExternalIdTaken
                | Self::OtherOrganization
                | Self::AlreadyExists
                | Self::UserNotImported
                | Self::OrganizationNotImported
                | Self::MembershipNotImported
                | Self::SlugTaken
                | Self::StaleReference
                | Self::TargetConflict
                | Self::TargetInvalid
                | Self::TargetError
        )
    }
}

/// Which heading of the report a notice belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something about the user is not as it should be; the user moves all the same.
    Warning,
    /// Something that Clerk has and that cannot move.
    LeftBehind,
    /// The user is at the target already, and not as the export has it.
    AtTarget,
}

codes! {
    /// What an administrator has to know about a user that moves.
    pub enum Notice {
        PasswordNotPortable = "password_not_portable", "the password's hash is of a kind the target cannot verify: moved without it";
        PasswordMalformed = "password_malformed", "the password's hash is not a well-formed bcrypt hash: moved without it";
        PasswordMissing = "password_missing", "the user has a password but the export does not hold it";
        PrimaryEmailUnknown = "primary_email_unknown", "`primary_email_address_id` names no address: the first verified one was taken, or else the first";
        PrimaryPhoneUnknown = "primary_phone_unknown", "`primary_phone_number_id` names no number: the first verified one was taken, or else the first";
        SecondaryEmailInvalid = "secondary_email_invalid", "an address beside the primary one is malformed and was left out";
        PhoneInvalid = "phone_invalid", "a phone number is not in E.164 form and was left out";
        LocaleInvalid = "locale_invalid", "the locale is not a BCP 47 tag and was left out";
        ExternalAccountUnverified = "external_account_unverified", "a social sign-in was never verified and was left out";
        EmailPlaceholder = "email_placeholder", "the user has no email address and was given a placeholder";
        UnknownFields = "unknown_fields", "the record has fields that Clerk does not document; they were ignored";
        DiffersAtTarget = "differs_at_target", "the identity at the target differs from the export: it was left as it is (see --on-existing)";
        Totp = "totp", "an authenticator app (TOTP): the user has to enrol again";
        BackupCodes = "backup_codes", "backup codes: the user has to make new ones";
        Passkeys = "passkeys", "passkeys are bound to the old domain: the user has to enrol again";
        SecondFactorPhone = "second_factor_phone", "a phone as second factor: the number moves, the enrolment does not";
        EnterpriseAccounts = "enterprise_accounts", "sign-in through SAML or an enterprise connection, which has to be set up at the target";
        Web3Wallets = "web3_wallets", "sign-in with a web3 wallet";
        ProfileImage = "profile_image", "the profile picture, which Clerk hosts";
        VerificationUnknown = "verification_unknown", "the export does not say whether an address or number is verified: it was taken as not verified";
        NotInPasswords = "not_in_passwords", "no readable row of the --passwords file has the user's id";
        PasswordConflict = "password_conflict", "the export and the --passwords file have different password hashes: that of the file was taken";
        EmailUnverifiedDropped = "email_unverified_dropped", "an unverified address was left out, as the mapping file says";
        UsernameInvalidDropped = "username_invalid_dropped", "the username breaks the rules and was left out, as the mapping file says";
        PrimaryNotNamed = "primary_not_named", "there are several addresses or numbers and none is named as the primary one: the first verified one was taken, or else the first";
        TimeInSeconds = "time_in_seconds", "a time is given in seconds, not in milliseconds: it was read as seconds";
        MetadataNotObject = "metadata_not_object", "metadata is not a JSON object: it moves as it is, and a mapping file finds nothing in it";
        ExternalAccountIncomplete = "external_account_incomplete", "a verified social sign-in does not say its provider or the user's id there and was left out";
        OrganizationMemberships = "organization_memberships", "memberships of organizations, which the record holds beside the user";
        MembershipsIncomplete = "memberships_incomplete", "the record lists only some of the user's organization memberships (one page of several), or in a form that is not known: the others do not move";
        AddressTrimmed = "address_trimmed", "blanks or invisible characters around an address or number were left out";
        AddressShared = "address_shared", "another user of the input has the same verified address or number";
        SlugMade = "slug_made", "the organization has no slug that the target takes: its name at the target was made from what people call it";
        RoleAsTuple = "role_as_tuple", "the role is none that a member of the target has: the user becomes a `member`, and the role a tuple";
        MembershipPrivateMetadata = "membership_private_metadata", "private metadata of a membership or an invitation, for which the target has no place";
        OrganizationLimits = "organization_limits", "how many members an organization may have, and who may delete it: kept in its admin metadata, and not enforced";
        OrganizationImage = "organization_image", "the picture of an organization, which Clerk hosts";
    }
}

impl Notice {
    /// The heading it belongs to.
    pub const fn kind(self) -> NoticeKind {
        match self {
            Self::Totp
            | Self::BackupCodes
            | Self::Passkeys
            | Self::SecondFactorPhone
            | Self::EnterpriseAccounts
            | Self::Web3Wallets
            | Self::ProfileImage
            | Self::OrganizationMemberships
            | Self::MembershipPrivateMetadata
            | Self::OrganizationLimits
            | Self::OrganizationImage => NoticeKind::LeftBehind,
            Self::DiffersAtTarget => NoticeKind::AtTarget,
            _ => NoticeKind::Warning,
        }
    }

    /// Whether the user has to set a new password because of it.
    pub const fn needs_password_reset(self) -> bool {
        matches!(self, Self::PasswordNotPortable | Self::PasswordMalformed | Self::PasswordMissing)
    }
}
