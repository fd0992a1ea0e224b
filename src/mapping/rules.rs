//! The choices an administrator has in mapping.

use std::fmt;
use std::str::FromStr;

use super::syntax::email_fault;

/// What becomes of a user without an email address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MissingEmail {
    /// Rejected as `no_email`.
    #[default]
    Reject,
    /// Given `<clerk id>@DOMAIN`, unverified.
    Placeholder {
        /// The domain of the made-up address.
        domain: String,
    },
}

impl FromStr for MissingEmail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "reject" => Ok(Self::Reject),
            Some(("placeholder", domain)) if email_fault(&format!("user@{domain}")).is_none() => {
                Ok(Self::Placeholder { domain: domain.to_owned() })
            }
            Some(("placeholder", _)) => {
                Err("the placeholder needs a domain name, as in `placeholder:example.com`".to_owned())
            }
            _ => Err("expected `reject` or `placeholder:DOMAIN`".to_owned()),
        }
    }
}

impl fmt::Display for MissingEmail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject => formatter.write_str("reject"),
            Self::Placeholder { domain } => write!(formatter, "placeholder:{domain}"),
        }
    }
}

/// The rules of mapping. The defaults are the seed's and the design's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of a user without an email address.
    pub missing_email: MissingEmail,
}
