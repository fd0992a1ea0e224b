//! What identities are known by at a Kratos: a trait that its schema marks as an identifier, or the external id that newer versions
//! have.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// What identities are known by at a Kratos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KratosKey {
    asked: Asked,
    /// Whether it is the external id, once Kratos was asked.
    is_native: OnceLock<bool>,
}

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    /// This trait.
    Trait(String),
    /// The external id.
    Native,
    /// The external id where there is one, and else the usual trait.
    Auto,
}

/// The trait, if nobody named another one.
const USUAL: &str = "external_id";

/// The most characters of an external id at Kratos, whose database cuts a longer one or refuses the whole batch.
pub(super) const MAX_NATIVE: usize = 64;

impl KratosKey {
    /// The name of the trait; nothing if it is the external id. Before Kratos was asked, `auto` is the usual trait.
    pub fn trait_name(&self) -> Option<&str> {
        match (&self.asked, self.is_native.get()) {
            (Asked::Trait(name), _) => Some(name),
            (Asked::Native, _) | (Asked::Auto, Some(true)) => None,
            (Asked::Auto, _) => Some(USUAL),
        }
    }

    /// Whether Kratos has to be asked whether it has external ids.
    pub(super) fn is_to_be_asked(&self) -> bool {
        !matches!(self.asked, Asked::Trait(_))
    }

    /// Kratos was asked; whether what was asked for can be had.
    pub(super) fn settle(&self, has_external_ids: bool) -> bool {
        let settled = self.is_native.get_or_init(|| has_external_ids);
        *settled || self.asked != Asked::Native
    }

    fn of(asked: Asked) -> Self {
        Self { asked, is_native: OnceLock::new() }
    }
}

impl Default for KratosKey {
    fn default() -> Self {
        Self::of(Asked::Trait(USUAL.to_owned()))
    }
}

impl FromStr for KratosKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const TAKEN: [&str; 8] =
            ["email", "username", "first_name", "last_name", "phone", "locale", "email_addresses", "phone_numbers"];
        match (text, text.strip_prefix("trait:")) {
            ("native", _) => Ok(Self::of(Asked::Native)),
            ("auto", _) => Ok(Self::of(Asked::Auto)),
            (_, Some(name)) if TAKEN.contains(&name) => Err(format!("`{name}` is another trait")),
            (_, Some(name))
                if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
            {
                Ok(Self::of(Asked::Trait(name.to_owned())))
            }
            _ => Err("expected `auto`, `native`, or `trait:NAME` with letters, digits and `_`".to_owned()),
        }
    }
}

impl fmt::Display for KratosKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.asked {
            Asked::Trait(name) => write!(formatter, "trait:{name}"),
            Asked::Native => formatter.write_str("native"),
            Asked::Auto => formatter.write_str("auto"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_asked_for_as_far_as_kratos_has_it() {
        let key = |text: &str| text.parse::<KratosKey>();
        for text in ["auto", "native", "trait:crm_id"] {
            assert_eq!(key(text).map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "trait:", "trait:email", "trait:a-b", "external_id"] {
            assert!(key(text).is_err(), "{text}");
        }
        for (asked, has_external_ids, is_had, trait_name) in [
            ("auto", true, true, None),
            ("auto", false, true, Some("external_id")),
            ("native", true, true, None),
            ("native", false, false, None),
        ] {
            let key = key(asked).unwrap();
            assert!(key.is_to_be_asked());
            assert_eq!((key.settle(has_external_ids), key.trait_name()), (is_had, trait_name), "{asked}");
        }
        assert!(!KratosKey::default().is_to_be_asked());
    }
}
