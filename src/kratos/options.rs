//! What has to be known of a Kratos beside its address.

use std::fmt;
use std::str::FromStr;

use super::KratosKey;

/// What has to be known of a Kratos beside its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KratosOptions {
    /// The id of the identity schema; nothing where there is only one.
    pub schema: Option<String>,
    /// What identities are known by.
    pub key: KratosKey,
    /// What the target calls providers of social sign-ins that Clerk calls otherwise.
    pub providers: Vec<ProviderName>,
}

/// What the target calls one provider of social sign-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderName {
    /// Clerk's name, `google` and the like.
    pub clerk: String,
    /// The provider's id in the configuration of Kratos.
    pub kratos: String,
}

impl FromStr for ProviderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((clerk, kratos)) if !clerk.is_empty() && !kratos.is_empty() => {
                let clerk = clerk.strip_prefix("oauth_").unwrap_or(clerk);
                Ok(Self { clerk: clerk.to_owned(), kratos: kratos.to_owned() })
            }
            _ => Err("expected CLERK=KRATOS, as in `google=google-oidc`".to_owned()),
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.clerk, self.kratos)
    }
}

impl KratosOptions {
    /// What the target calls a provider.
    pub(super) fn provider<'a>(&'a self, clerk: &'a str) -> &'a str {
        self.providers.iter().find(|name| name.clerk == clerk).map_or(clerk, |name| &name.kratos)
    }
}
