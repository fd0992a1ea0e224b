//! What an admin key says about itself.

use secrecy::{ExposeSecret, SecretString};

/// Which kind of users a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `ak_live_…` or `sk_live_…`
    Live,
    /// `ak_test_…` or `sk_test_…`
    Test,
    /// Any other, such as an OAuth access token: the documentation has keys opaque.
    Unknown,
}

impl KeyKind {
    /// The kind of this key.
    pub fn of(key: &SecretString) -> Self {
        let key = key.expose_secret().trim();
        let begins = |kind: &str| {
            ["ak_", "sk_"].iter().any(|prefix| key.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(kind)))
        };
        match (begins("live_"), begins("test_")) {
            (true, _) => Self::Live,
            (_, true) => Self::Test,
            _ => Self::Unknown,
        }
    }

    /// Its stable name, in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::Unknown => "unknown",
        }
    }

    /// For people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Live => "a live key",
            Self::Test => "a test key",
            Self::Unknown => "a key that does not say whether it is for live or for test users",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_by_its_beginning_which_users_it_is_for() {
        let kind = |key: &str| KeyKind::of(&SecretString::from(key));
        assert_eq!(["sk_live_1", "ak_live_1"].map(kind), [KeyKind::Live; 2]);
        assert_eq!(["sk_test_1", "ak_test_1"].map(kind), [KeyKind::Test; 2]);
        assert_eq!(["eyJhbGciOi", "live_1", "sk_other_live_"].map(kind), [KeyKind::Unknown; 3]);
    }
}
