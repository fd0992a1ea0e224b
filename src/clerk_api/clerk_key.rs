//! What a key of Clerk's says about itself.

use std::num::NonZeroU32;

use secrecy::{ExposeSecret, SecretString};

/// Which kind of instance a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClerkKeyKind {
    /// `sk_live_…`
    Production,
    /// `sk_test_…`, and any other key: the lower limit is kept to then.
    Development,
}

impl ClerkKeyKind {
    /// The kind of this key.
    pub fn of(key: &SecretString) -> Self {
        if key.expose_secret().trim().starts_with("sk_live_") { Self::Production } else { Self::Development }
    }

    /// The rate that is kept to, in requests a minute: 1 % below the documented limits of 1,000 and of 100 requests in 10 s,
    /// so that a window of the limit's own never has one request too many.
    pub const fn requests_per_minute(self) -> u32 {
        match self {
            Self::Production => 5_940,
            Self::Development => 594,
        }
    }

    /// How many requests may go at once after a delay on this machine, which would lower the rate otherwise. With the rate they are
    /// no more than the limit in any 10 s.
    pub const fn requests_at_once(self) -> NonZeroU32 {
        match self {
            Self::Production => NonZeroU32::MIN.saturating_add(7),
            Self::Development => NonZeroU32::MIN,
        }
    }

    /// For files and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }
}
