//! The secret that deliveries are signed with.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What secrets begin with, at Clerk and at the target.
const PREFIX: &str = "whsec_";

/// The secret that deliveries are signed with.
#[derive(Clone, Debug)]
pub struct SigningSecret(SecretString);

/// Why a file holds no secret that can be used. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Nothing.
    #[error("it is empty")]
    Empty,
    /// More than a secret.
    #[error("it holds more than a secret: only the secret may be there, on one line")]
    More,
    /// A file of `webhooks apply` with several secrets.
    #[error("it holds the secrets of several endpoints; say by --endpoint NAME which one is meant")]
    Several,
    /// A file of `webhooks apply` without this one.
    #[error("it holds no secret of an endpoint of that name")]
    NoSuchEndpoint,
}

/// A line of the file of `webhooks apply`.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    secret: Cow<'a, str>,
}

impl SigningSecret {
    /// Takes the secret out of the text of a file: one that holds it and nothing else, or the file of `webhooks apply`, of which
    /// the last secret of this endpoint counts.
    pub fn in_file(text: &str, endpoint: Option<&str>) -> Result<Self, SecretFault> {
        let text = text.trim();
        if !text.starts_with('{') {
            return Self::new(text);
        }
        let lines: Vec<Line<'_>> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_meant = |line: &&Line<'_>| endpoint.is_none_or(|name| line.name == *name);
        let meant: Vec<&Line<'_>> = lines.iter().filter(is_meant).collect();
        match meant.last() {
            None if endpoint.is_some() => Err(SecretFault::NoSuchEndpoint),
            None => Err(SecretFault::Empty),
            Some(last) if meant.iter().any(|line| line.name != last.name) => Err(SecretFault::Several),
            Some(last) => Self::new(&last.secret),
        }
    }

    fn new(text: &str) -> Result<Self, SecretFault> {
        match text {
            "" => Err(SecretFault::Empty),
            text if text.contains(char::is_whitespace) || text.contains(char::is_control) => Err(SecretFault::More),
            text => Ok(Self(SecretString::from(text))),
        }
    }

    /// The text, which may be the key itself.
    pub fn into_text(self) -> SecretString {
        self.0
    }

    /// The key if the text itself is the key.
    pub fn text_key(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// The key if it is what stands behind `whsec_`, decoded; nothing if that is no base64.
    pub fn decoded_key(&self) -> Option<Vec<u8>> {
        let text = self.0.expose_secret();
        STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok().filter(|key| !key.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_of_both_kinds_of_file() {
        let applied = "{\"secrets_of\":\"j\"}\n{\"name\":\"a\",\"id\":\"1\",\"secret\":\"whsec_old\"}\n\
                       {\"name\":\"a\",\"id\":\"1\",\"secret\":\"whsec_YQ==\"}\n{\"name\":\"b\",\"id\":\"2\",\"secret\":\"whsec_b\"}\n";
        let secret = SigningSecret::in_file(applied, Some("a")).unwrap();
        assert_eq!((secret.text_key(), secret.decoded_key()), (b"whsec_YQ==".as_slice(), Some(b"a".to_vec())));
        assert_eq!(SigningSecret::in_file(" whsec_x\n", None).unwrap().text_key(), b"whsec_x");
        for (text, endpoint, fault) in [
            (applied, None, SecretFault::Several),
            (applied, Some("c"), SecretFault::NoSuchEndpoint),
            ("\n", None, SecretFault::Empty),
            ("{\"secrets_of\":\"j\"}\n", None, SecretFault::Empty),
            ("SECRET = whsec_x", None, SecretFault::More),
        ] {
            assert_eq!(SigningSecret::in_file(text, endpoint).unwrap_err(), fault);
        }
        assert!(!format!("{secret:?}").contains("YQ"));
    }
}
