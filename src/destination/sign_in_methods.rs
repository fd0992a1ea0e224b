//! How somebody signs in, as far as that can be compared.
//!
//! The form is that of the canonical identity, as all that is in [`Comparable`](super::Comparable): a password, and accounts at
//! providers of `OpenID` Connect. Both destinations that there are answer in it; one that does not translates its answers, as for
//! other fields.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

/// How somebody signs in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SignInMethods<'a> {
    password: Option<PasswordMethod>,
    #[serde(borrow)]
    oidc: Shows<OidcMethod<'a>>,
}

/// Whether there is a password: sent as a hash, read back as a flag.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PasswordMethod {
    present: Option<bool>,
    config: PasswordConfig,
}

/// Kratos has a password's settings for everybody who could have one, too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PasswordConfig {
    hashed_password: Option<serde::de::IgnoredAny>,
}

/// Whether somebody signs in by way of other accounts, and which.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OidcMethod<'a> {
    #[serde(borrow)]
    config: OidcConfig<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OidcConfig<'a> {
    #[serde(borrow)]
    providers: Vec<ProviderAccount<'a>>,
}

/// An account at a provider, with which somebody signs in.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ProviderAccount<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
}

/// What a target may show: if it has nothing of the kind to show it says so by a null, which is not the same as silence.
#[derive(Debug, Default)]
enum Shows<T> {
    #[default]
    Hidden,
    Nothing,
    Shown(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|shown| shown.map_or(Self::Nothing, Self::Shown))
    }
}

impl SignInMethods<'_> {
    /// The methods at a target that leaves out what there is not.
    pub(crate) fn all_shown(self) -> Self {
        let oidc = if matches!(self.oidc, Shows::Hidden) { Shows::Nothing } else { self.oidc };
        Self { oidc, ..self }
    }

    /// Whether the target shows social sign-ins at all.
    pub(super) fn shows_social_sign_ins(&self) -> bool {
        !matches!(self.oidc, Shows::Hidden)
    }

    pub(super) fn has_password(&self) -> bool {
        self.password
            .as_ref()
            .is_some_and(|password| password.present.unwrap_or(password.config.hashed_password.is_some()))
    }

    /// Each social sign-in, as in `google:1234`.
    pub(super) fn provider_identifiers(&self) -> Vec<String> {
        self.social_sign_ins().iter().map(|one| format!("{}:{}", one.provider, one.subject)).collect()
    }

    pub(super) fn social_sign_ins(&self) -> &[ProviderAccount<'_>] {
        match &self.oidc {
            Shows::Shown(oidc) => &oidc.config.providers,
            Shows::Hidden | Shows::Nothing => &[],
        }
    }
}
