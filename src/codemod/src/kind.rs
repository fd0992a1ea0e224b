//! What a use of Clerk's is about, in the order in which it blocks a migration.

use serde::Serialize;

/// What it is about. The order is the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The provider moved, and code that needs Clerk's is left.
    Provider,
    /// Which pages are protected.
    Middleware,
    /// Functions of the server.
    Server,
    /// Handlers of webhooks.
    Webhook,
    /// Components and their props.
    Component,
    /// Hooks.
    Hook,
    /// Types only.
    Type,
    /// Modules as a whole: re-exports, dynamic imports, mocks.
    Module,
    /// Packages of Clerk's other than `@clerk/nextjs`.
    OtherPackage,
    /// Environment variables.
    Environment,
    /// package.json and lock files.
    Package,
    /// Styles, documents, settings, files that cannot be read.
    Text,
}

impl Kind {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 12] = [
        Self::Provider,
        Self::Middleware,
        Self::Server,
        Self::Webhook,
        Self::Component,
        Self::Hook,
        Self::Type,
        Self::Module,
        Self::OtherPackage,
        Self::Environment,
        Self::Package,
        Self::Text,
    ];

    /// The heading in a report.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Provider => "Provider",
            Self::Middleware => "Middleware",
            Self::Server => "Server functions",
            Self::Webhook => "Webhooks",
            Self::Component => "Components",
            Self::Hook => "Hooks",
            Self::Type => "Types",
            Self::Module => "Whole modules",
            Self::OtherPackage => "Other packages of Clerk's",
            Self::Environment => "Environment",
            Self::Package => "Packages",
            Self::Text => "Styles, documents, settings",
        }
    }

    /// What a name that code imports is about.
    pub fn of_name(module: &str, name: &str, is_type: bool) -> Self {
        if !matches!(module, "@clerk/nextjs" | "@clerk/nextjs/server" | "@clerk/nextjs/webhooks" | "@clerk/nextjs/api")
        {
            return Self::OtherPackage;
        }
        match name {
            "verifyWebhook" => Self::Webhook,
            "clerkMiddleware" | "authMiddleware" | "withClerkMiddleware" | "createRouteMatcher" => Self::Middleware,
            "ClerkProvider" if !is_type => Self::Provider,
            _ if is_type => Self::Type,
            _ if is_hook(name) => Self::Hook,
            _ if name.starts_with(char::is_uppercase) && module == "@clerk/nextjs" => Self::Component,
            _ if name.starts_with(char::is_uppercase) => Self::Type,
            _ => Self::Server,
        }
    }
}

fn is_hook(name: &str) -> bool {
    name.strip_prefix("use").is_some_and(|rest| rest.starts_with(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_kind_that_they_look_like() {
        let kind = |module, name| Kind::of_name(module, name, false);
        assert_eq!(kind("@clerk/nextjs", "useUser"), Kind::Hook);
        assert_eq!(kind("@clerk/nextjs", "used"), Kind::Server);
        assert_eq!(kind("@clerk/nextjs", "SignedIn"), Kind::Component);
        assert_eq!(kind("@clerk/nextjs/server", "User"), Kind::Type);
        assert_eq!(kind("@clerk/nextjs/server", "clerkClient"), Kind::Server);
        assert_eq!(kind("@clerk/express", "clerkMiddleware"), Kind::OtherPackage);
    }
}
