//! The kinds of records that a tenant has, and how each is read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clerk_api::ApiEndpoint;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ExportKind {
    /// The instance itself: one object.
    Instance,
    /// Its settings of organizations: one object.
    OrganizationSettings,
    /// Its settings of OAuth applications: one object.
    OAuthApplicationSettings,
    /// Users.
    Users,
    /// Organizations.
    Organizations,
    /// Memberships of organizations.
    OrganizationMemberships,
    /// Invitations to the application.
    Invitations,
    /// Invitations to organizations.
    OrganizationInvitations,
    /// Domains of organizations.
    OrganizationDomains,
    /// Roles of members of organizations.
    OrganizationRoles,
    /// Permissions.
    OrganizationPermissions,
    /// Sets of roles.
    RoleSets,
    /// OAuth applications.
    OAuthApplications,
    /// Redirect URLs.
    RedirectUrls,
    /// Domains of the instance.
    Domains,
    /// Templates of tokens.
    JwtTemplates,
    /// Who may sign up.
    AllowlistIdentifiers,
    /// Who may not.
    BlocklistIdentifiers,
    /// Connections to identity providers of enterprises.
    EnterpriseConnections,
}

/// How the records of a kind come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// One object.
    Object,
    /// All at once.
    Whole,
    /// Page by page, each behind the last record of the one before.
    Cursor {
        /// The order, which must be one by a time that never changes.
        order: &'static str,
    },
    /// Page by page, by how many records come before.
    Offset {
        /// The order, where one can be chosen.
        order: Option<&'static str>,
        /// Whether pages have to be asked for.
        paginated: bool,
    },
}

/// How a list is read that comes in pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct HowListed {
    /// The order, where one can be chosen.
    pub order: Option<&'static str>,
    /// Whether pages have to be asked for.
    pub paginated: bool,
    /// Whether a page begins behind a record, or behind a number of them.
    pub by_cursor: bool,
    /// Nothing that was changed before this is wanted; the list has the newest changes first then.
    pub first_millisecond: Option<i64>,
}

/// The oldest first: what is created while a list is read comes at its end, and moves nothing.
pub(super) const OLDEST_FIRST: &str = "+created_at";

/// The order in which changes since a moment are read, down to it.
pub(super) const NEWEST_CHANGES_FIRST: &str = "-updated_at";

impl ExportKind {
    /// All that the API has, in the order in which they are read: small ones first, so that what is wrong with a key or an
    /// instance is known before the users are read.
    pub const ALL: [Self; 19] = [
        Self::Instance,
        Self::OrganizationSettings,
        Self::OAuthApplicationSettings,
        Self::Domains,
        Self::OrganizationRoles,
        Self::OrganizationPermissions,
        Self::RoleSets,
        Self::OAuthApplications,
        Self::RedirectUrls,
        Self::JwtTemplates,
        Self::AllowlistIdentifiers,
        Self::BlocklistIdentifiers,
        Self::EnterpriseConnections,
        Self::Users,
        Self::Organizations,
        Self::OrganizationMemberships,
        Self::Invitations,
        Self::OrganizationInvitations,
        Self::OrganizationDomains,
    ];

    /// Its name, by which `--only` and the manifest call it; its file is called so, too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::OrganizationSettings => "organization_settings",
            Self::OAuthApplicationSettings => "oauth_application_settings",
            Self::Users => "users",
            Self::Organizations => "organizations",
            Self::OrganizationMemberships => "organization_memberships",
            Self::Invitations => "invitations",
            Self::OrganizationInvitations => "organization_invitations",
            Self::OrganizationDomains => "organization_domains",
            Self::OrganizationRoles => "organization_roles",
            Self::OrganizationPermissions => "organization_permissions",
            Self::RoleSets => "role_sets",
            Self::OAuthApplications => "oauth_applications",
            Self::RedirectUrls => "redirect_urls",
            Self::Domains => "domains",
            Self::JwtTemplates => "jwt_templates",
            Self::AllowlistIdentifiers => "allowlist_identifiers",
            Self::BlocklistIdentifiers => "blocklist_identifiers",
            Self::EnterpriseConnections => "enterprise_connections",
        }
    }

    /// Where its records come from.
    pub(super) const fn endpoint(self) -> ApiEndpoint {
        match self {
            Self::Instance => ApiEndpoint::Instance,
            Self::OrganizationSettings => ApiEndpoint::OrganizationSettings,
            Self::OAuthApplicationSettings => ApiEndpoint::OAuthApplicationSettings,
            Self::Users => ApiEndpoint::Users,
            Self::Organizations => ApiEndpoint::Organizations,
            Self::OrganizationMemberships => ApiEndpoint::OrganizationMemberships,
            Self::Invitations => ApiEndpoint::Invitations,
            Self::OrganizationInvitations => ApiEndpoint::OrganizationInvitations,
            Self::OrganizationDomains => ApiEndpoint::OrganizationDomains,
            Self::OrganizationRoles => ApiEndpoint::OrganizationRoles,
            Self::OrganizationPermissions => ApiEndpoint::OrganizationPermissions,
            Self::RoleSets => ApiEndpoint::RoleSets,
            Self::OAuthApplications => ApiEndpoint::OAuthApplications,
            Self::RedirectUrls => ApiEndpoint::RedirectUrls,
            Self::Domains => ApiEndpoint::Domains,
            Self::JwtTemplates => ApiEndpoint::JwtTemplates,
            Self::AllowlistIdentifiers => ApiEndpoint::AllowlistIdentifiers,
            Self::BlocklistIdentifiers => ApiEndpoint::BlocklistIdentifiers,
            Self::EnterpriseConnections => ApiEndpoint::EnterpriseConnections,
        }
    }

    /// How its records come.
    pub(super) const fn listing(self) -> Listing {
        let in_order = Listing::Offset { order: Some(OLDEST_FIRST), paginated: false };
        match self {
            Self::Instance | Self::OrganizationSettings | Self::OAuthApplicationSettings => Listing::Object,
            Self::Domains | Self::BlocklistIdentifiers => Listing::Whole,
            Self::Users => Listing::Cursor { order: OLDEST_FIRST },
            Self::Organizations
            | Self::OrganizationMemberships
            | Self::OrganizationInvitations
            | Self::OrganizationDomains
            | Self::OrganizationRoles
            | Self::OrganizationPermissions
            | Self::RoleSets
            | Self::OAuthApplications => in_order,
            Self::Invitations => Listing::Offset { order: Some(OLDEST_FIRST), paginated: true },
            Self::RedirectUrls | Self::JwtTemplates | Self::AllowlistIdentifiers => {
                Listing::Offset { order: None, paginated: true }
            }
            Self::EnterpriseConnections => Listing::Offset { order: None, paginated: false },
        }
    }

    /// Whether an instance may be without it: a plan that does not have it, or a feature that is switched off.
    pub(super) const fn is_optional(self) -> bool {
        !matches!(self, Self::Instance | Self::Users)
    }
}

impl fmt::Display for ExportKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for ExportKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("there is no such kind; the kinds are {}", known()))
    }
}

impl From<ExportKind> for String {
    fn from(kind: ExportKind) -> Self {
        kind.name().to_owned()
    }
}

impl TryFrom<String> for ExportKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_is_read_once_by_a_name_and_from_a_place_of_its_own() {
        let names: BTreeSet<&str> = ExportKind::ALL.map(ExportKind::name).into();
        let endpoints: BTreeSet<ApiEndpoint> = ExportKind::ALL.map(ExportKind::endpoint).into();
        assert_eq!((names.len(), endpoints.len()), (ExportKind::ALL.len(), ExportKind::ALL.len()));
        for kind in ExportKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
