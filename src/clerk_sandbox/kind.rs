//! The kinds of records that a Clerk instance holds.

/// Declares the kinds: the table of each, which is also the name of its file, and other names that its file may have.
macro_rules! kinds {
    ($( $(#[$attribute:meta])* $kind:ident = $name:literal $(or $other:literal)*; )+) => {
        /// A kind of records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Kind {
            $( $(#[$attribute])* $kind, )+
        }

        impl Kind {
            /// All kinds.
            pub(super) const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its table, and the stem of its file: for a list, what its path is called.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $( Self::$kind => $name, )+
                }
            }

            /// The kind of which this is the name, or another name that its file may have.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $( $name $(| $other)* => Some(Self::$kind), )+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// `/users`
    Users = "users";
    /// `/organizations`
    Organizations = "organizations";
    /// `/organization_memberships`, and those of one organization
    OrganizationMemberships = "organization_memberships";
    /// `/invitations`
    Invitations = "invitations";
    /// `/organization_invitations`, and those of one organization
    OrganizationInvitations = "organization_invitations";
    /// `/organization_domains`, and those of one organization
    OrganizationDomains = "organization_domains";
    /// `/organization_roles`
    OrganizationRoles = "organization_roles" or "roles";
    /// `/organization_permissions`
    OrganizationPermissions = "organization_permissions" or "permissions";
    /// `/role_sets`
    RoleSets = "role_sets";
    /// `/oauth_applications`
    OauthApplications = "oauth_applications";
    /// `/redirect_urls`
    RedirectUrls = "redirect_urls";
    /// `/domains`
    Domains = "domains";
    /// `/jwt_templates`
    JwtTemplates = "jwt_templates";
    /// `/allowlist_identifiers`
    AllowlistIdentifiers = "allowlist_identifiers";
    /// `/blocklist_identifiers`
    BlocklistIdentifiers = "blocklist_identifiers";
    /// `/enterprise_connections`
    EnterpriseConnections = "enterprise_connections";
    /// `/saml_connections`
    SamlConnections = "saml_connections";
    /// `/instance`
    Instance = "instance";
    /// `/instance/organization_settings`
    OrganizationSettings = "organization_settings" or "instance_organization_settings";
    /// `/instance/oauth_application_settings`
    OauthApplicationSettings = "oauth_application_settings" or "instance_oauth_application_settings";
    /// `/instance/communication`
    Communication = "instance_communication";
    /// `/instance/protect`
    Protect = "instance_protect";
}

impl Kind {
    /// Whether an instance has exactly one record of it, which need not have an id.
    pub(super) fn is_single(self) -> bool {
        matches!(
            self,
            Self::Instance
                | Self::OrganizationSettings
                | Self::OauthApplicationSettings
                | Self::Communication
                | Self::Protect
        )
    }

    /// Whether `GET /{kind}/{id}` is documented.
    pub(super) fn is_read_by_id(self) -> bool {
        matches!(
            self,
            Self::Users
                | Self::Organizations
                | Self::OrganizationRoles
                | Self::OrganizationPermissions
                | Self::RoleSets
                | Self::OauthApplications
                | Self::RedirectUrls
                | Self::JwtTemplates
                | Self::EnterpriseConnections
                | Self::SamlConnections
        )
    }

    /// A second member by which `GET /{kind}/{id}` finds a record.
    pub(super) fn second_key(self) -> Option<&'static str> {
        match self {
            Self::Organizations => Some("slug"),
            Self::RoleSets => Some("key"),
            _ => None,
        }
    }
}
