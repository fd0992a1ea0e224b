//! A person's word on which application uses a redirect URL.

use std::io;
use std::path::Path;
use std::str::FromStr;

use super::redirect_uri::judge;
use super::{Item, ItemKind, Verdict};
use crate::index::{HASH_BYTES, Table, hash_of};

/// Ids of clients in memory before they are spilled.
const CLIENTS: usize = 1 << 14;

/// The kind of their hashes.
const OF_CLIENTS: u8 = b'c';

/// `URL=CLIENT`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlAssignment {
    /// The redirect URL, to the byte.
    pub url: String,
    /// The `client_id` of the application.
    pub client: String,
}

/// Why an assignment cannot be.
#[derive(Debug, thiserror::Error)]
pub enum UrlAssignmentError {
    /// There is no such URL.
    #[error("--assign: there is no redirect URL `{0}` in this tenant; write it exactly as the plan has it")]
    NoUrl(String),
    /// There is no such application.
    #[error(
        "no application of this tenant has the client id `{0}`, to which a redirect URL is assigned; the plan lists them"
    )]
    NoClient(String),
    /// It cannot be registered.
    #[error("--assign: the target does not take the redirect URL `{url}`: {why}")]
    Refused {
        /// The URL.
        url: String,
        /// Why not.
        why: &'static str,
    },
}

impl FromStr for UrlAssignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A URL may have an equals sign in it, a client id has none.
        let (url, client) = text.rsplit_once('=').ok_or("expected URL=CLIENT")?;
        if url.is_empty() || client.is_empty() {
            return Err("expected URL=CLIENT".to_owned());
        }
        Ok(Self { url: url.to_owned(), client: client.to_owned() })
    }
}

/// Assigns redirect URLs to applications while the things of a plan go by, in their order: applications come first.
pub(super) struct Assigning<'a> {
    /// Each with whether its URL was met.
    assignments: Vec<(&'a UrlAssignment, bool)>,
    clients: Table<HASH_BYTES>,
    failed: Option<UrlAssignmentError>,
}

impl<'a> Assigning<'a> {
    /// Nothing has gone by yet. Ids that do not fit into memory go to files without a name in `directory`.
    pub(super) fn new(assignments: &'a [UrlAssignment], directory: &Path) -> Self {
        let assignments = assignments.iter().map(|assignment| (assignment, false)).collect();
        Self { assignments, clients: Table::new(CLIENTS, directory.to_path_buf()), failed: None }
    }

    /// Takes the next thing, and assigns it if it is a redirect URL.
    pub(super) fn take(&mut self, item: &mut Item) -> io::Result<()> {
        match item.kind {
            ItemKind::Application => {
                if let Some(id) = item.target.get("client_id").and_then(|id| id.as_str()) {
                    self.clients.insert(hash_of(OF_CLIENTS, id))?;
                }
            }
            ItemKind::RedirectUrl => {
                for (assignment, is_met) in &mut self.assignments {
                    if item.name.as_ref() == Some(&assignment.url) {
                        item.assigned_to = Some(assignment.client.clone());
                        *is_met = true;
                    }
                }
                self.judge(item)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn judge(&mut self, item: &mut Item) -> io::Result<()> {
        let (Some(client), Some(url)) = (&item.assigned_to, &item.name) else { return Ok(()) };
        let (verdict, why) = judge(url);
        if self.clients.find(&hash_of(OF_CLIENTS, client))?.is_none() {
            self.failed.get_or_insert_with(|| UrlAssignmentError::NoClient(client.clone()));
        } else if verdict == Verdict::CannotMove {
            self.failed.get_or_insert_with(|| UrlAssignmentError::Refused { url: url.clone(), why });
        } else {
            (item.verdict, item.why) = (verdict, why.to_owned());
        }
        Ok(())
    }

    /// Fails if something could not be assigned.
    pub(super) fn finish(self) -> Result<(), UrlAssignmentError> {
        match self.assignments.iter().find(|(_, is_met)| !is_met) {
            Some((assignment, _)) => Err(UrlAssignmentError::NoUrl(assignment.url.clone())),
            None => self.failed.map_or(Ok(()), Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_an_equals_sign_is_assigned() {
        let expected = UrlAssignment { url: "https://a.example/?b=c".to_owned(), client: "client_1".to_owned() };
        assert_eq!("https://a.example/?b=c=client_1".parse(), Ok(expected));
        for wrong in ["", "https://a.example/", "=client", "https://a.example/="] {
            assert!(wrong.parse::<UrlAssignment>().is_err(), "{wrong}");
        }
    }
}
