//! A person's word on which application uses a redirect URL.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::redirect_uri::judge;
use super::{ItemKind, TenantPlan};

/// `URL=CLIENT`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The redirect URL, to the byte.
    pub url: String,
    /// The `client_id` of the application.
    pub client: String,
}

/// Why an assignment cannot be.
#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
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

impl FromStr for Assignment {
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

impl TenantPlan {
    /// Assigns redirect URLs to applications, beside what was assigned before.
    pub fn assign(&mut self, assignments: &[Assignment]) -> Result<(), AssignmentError> {
        for Assignment { url, client } in assignments {
            let is_it = |item: &&mut super::Item| item.kind == ItemKind::RedirectUrl && item.name.as_ref() == Some(url);
            let mut found = self.items.iter_mut().filter(is_it).peekable();
            if found.peek().is_none() {
                return Err(AssignmentError::NoUrl(url.clone()));
            }
            found.for_each(|item| item.assigned_to = Some(client.clone()));
        }
        let of_application = |item: &super::Item| match item.target.get("client_id")?.as_str() {
            Some(id) if item.kind == ItemKind::Application => Some(id.to_owned()),
            _ => None,
        };
        let clients: BTreeSet<String> = self.items.iter().filter_map(of_application).collect();
        for item in self.items.iter_mut().filter(|item| item.kind == ItemKind::RedirectUrl) {
            let (Some(client), Some(url)) = (&item.assigned_to, &item.name) else { continue };
            if !clients.contains(client) {
                return Err(AssignmentError::NoClient(client.clone()));
            }
            let (verdict, why) = judge(url);
            if verdict == super::Verdict::CannotMove {
                return Err(AssignmentError::Refused { url: url.clone(), why });
            }
            (item.verdict, item.why) = (verdict, why.to_owned());
        }
        self.recount();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_an_equals_sign_is_assigned() {
        let expected = Assignment { url: "https://a.example/?b=c".to_owned(), client: "client_1".to_owned() };
        assert_eq!("https://a.example/?b=c=client_1".parse(), Ok(expected));
        for wrong in ["", "https://a.example/", "=client", "https://a.example/="] {
            assert!(wrong.parse::<Assignment>().is_err(), "{wrong}");
        }
    }
}
