//! What can be asked for.

/// What can be asked for, with GET. There is nothing else: no path is ever put together from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiEndpoint {
    /// The users.
    Users,
    /// How many users there are.
    UserCount,
    /// The organizations.
    Organizations,
    /// The memberships of all organizations.
    OrganizationMemberships,
    /// The invitations to the application.
    Invitations,
    /// The invitations to organizations.
    OrganizationInvitations,
    /// The domains of organizations.
    OrganizationDomains,
    /// The roles that members of organizations can have.
    OrganizationRoles,
    /// The permissions that roles give.
    OrganizationPermissions,
    /// The sets of roles that organizations can have.
    RoleSets,
    /// The OAuth applications, without their secrets.
    OAuthApplications,
    /// The redirect URLs that are allowed.
    RedirectUrls,
    /// The domains of the instance.
    Domains,
    /// The templates of tokens.
    JwtTemplates,
    /// Who may sign up.
    AllowlistIdentifiers,
    /// Who may not.
    BlocklistIdentifiers,
    /// The connections to identity providers of enterprises.
    EnterpriseConnections,
    /// The instance.
    Instance,
    /// Its settings of organizations.
    OrganizationSettings,
    /// Its settings of OAuth applications.
    OAuthApplicationSettings,
}

impl ApiEndpoint {
    /// The path behind the base URL.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Users => "v1/users",
            Self::UserCount => "v1/users/count",
            Self::Organizations => "v1/organizations",
            Self::OrganizationMemberships => "v1/organization_memberships",
            Self::Invitations => "v1/invitations",
            Self::OrganizationInvitations => "v1/organization_invitations",
            Self::OrganizationDomains => "v1/organization_domains",
            Self::OrganizationRoles => "v1/organization_roles",
            Self::OrganizationPermissions => "v1/organization_permissions",
            Self::RoleSets => "v1/role_sets",
            Self::OAuthApplications => "v1/oauth_applications",
            Self::RedirectUrls => "v1/redirect_urls",
            Self::Domains => "v1/domains",
            Self::JwtTemplates => "v1/jwt_templates",
            Self::AllowlistIdentifiers => "v1/allowlist_identifiers",
            Self::BlocklistIdentifiers => "v1/blocklist_identifiers",
            Self::EnterpriseConnections => "v1/enterprise_connections",
            Self::Instance => "v1/instance",
            Self::OrganizationSettings => "v1/instance/organization_settings",
            Self::OAuthApplicationSettings => "v1/instance/oauth_application_settings",
        }
    }
}
