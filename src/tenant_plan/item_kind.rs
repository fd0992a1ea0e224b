//! The kinds of things in a plan.

use serde::{Deserialize, Serialize};

/// The kinds of things in a plan, in the order of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// An OAuth application.
    Application,
    /// A redirect URI of an application.
    RedirectUri,
    /// A scope of an application.
    Scope,
    /// A redirect URL of the instance, of which Clerk does not say which application uses it.
    RedirectUrl,
    /// A domain of the instance.
    Domain,
    /// An origin that may call Clerk's API from a browser.
    AllowedOrigin,
    /// A template of tokens.
    Template,
    /// A claim of a template.
    Claim,
    /// A role of members of organizations.
    Role,
    /// A permission.
    Permission,
    /// A set of roles.
    RoleSet,
    /// An entry of the list of those who may sign up.
    AllowlistEntry,
    /// An entry of the list of those who may not.
    BlocklistEntry,
    /// A setting of the instance.
    Setting,
    /// A connection to an identity provider of an enterprise.
    EnterpriseConnection,
    /// Something that no call of Clerk's API gives, and that somebody has to answer.
    OpenQuestion,
}

impl ItemKind {
    /// For headings.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Application => "Applications",
            Self::RedirectUri => "Redirect URIs of applications",
            Self::Scope => "Scopes of applications",
            Self::RedirectUrl => "Redirect URLs of the instance",
            Self::Domain => "Domains",
            Self::AllowedOrigin => "Allowed origins",
            Self::Template => "Token templates",
            Self::Claim => "Claims of templates",
            Self::Role => "Roles",
            Self::Permission => "Permissions",
            Self::RoleSet => "Sets of roles",
            Self::AllowlistEntry => "Allow list",
            Self::BlocklistEntry => "Block list",
            Self::Setting => "Settings",
            Self::EnterpriseConnection => "Enterprise connections",
            Self::OpenQuestion => "What Clerk's API does not give",
        }
    }
}
