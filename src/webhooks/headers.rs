//! The headers of a delivery.

use std::collections::BTreeMap;

use super::SignatureFault;

/// The headers of Clerk's signatures, by both names that they have.
pub(super) const OF_CLERK: [[&str; 3]; 2] =
    [["svix-id", "svix-timestamp", "svix-signature"], ["webhook-id", "webhook-timestamp", "webhook-signature"]];

/// The headers of Avnology's signatures.
pub(super) const OF_AVNOLOGY: [&str; 2] = ["x-avnology-timestamp", "x-avnology-signature"];

/// Headers by their names in small letters.
#[derive(Clone, Debug, Default)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// Reads lines such as `svix-id: msg_1`. Empty lines, and lines of a request or a status, are passed by.
    pub fn parse<'t>(lines: impl IntoIterator<Item = &'t str>) -> Result<Self, SignatureFault> {
        let mut headers = BTreeMap::new();
        for line in lines {
            let line = line.trim();
            if line.is_empty() || line.contains(" HTTP/") || line.starts_with("HTTP/") {
                continue;
            }
            let (name, value) = line.split_once(':').ok_or(SignatureFault::NoHeader)?;
            let name = name.trim().to_ascii_lowercase();
            // One header twice: which one a server takes is its own affair, so none is taken here.
            if headers.insert(name.clone(), value.trim().to_owned()).is_some() && is_ours(&name) {
                return Err(SignatureFault::Twice(name));
            }
        }
        Ok(Self(headers))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn need(&self, name: &'static str) -> Result<&str, SignatureFault> {
        self.get(name).ok_or(SignatureFault::Missing(name))
    }

    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }
}

fn is_ours(name: &str) -> bool {
    OF_CLERK.as_flattened().contains(&name) || OF_AVNOLOGY.contains(&name)
}
