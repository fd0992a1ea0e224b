//! Domains of the instance, and its redirect URLs.

use serde::Deserialize;

use super::redirect_uri::{item, shown};
use super::{Item, ItemKind, Verdict};

/// What is read of a domain.
#[derive(Debug, Deserialize)]
pub(super) struct Domain {
    id: String,
    name: String,
    #[serde(default)]
    is_satellite: bool,
}

impl Domain {
    /// It as a thing of the plan.
    pub(super) fn item(self) -> Item {
        let why = if self.is_satellite {
            "It needs a redirect URI of its own (`https://` with its name and the application's callback path), and a visible \
             sign-in."
        } else {
            "Set up a custom domain at the target: its DNS records are never moved."
        };
        Item::new(ItemKind::Domain, self.id, Verdict::ToDo, why).named(self.name)
    }
}

/// What is read of a redirect URL.
#[derive(Debug, Deserialize)]
pub(super) struct RedirectUrl {
    id: String,
    url: String,
}

impl RedirectUrl {
    /// It as a thing of the plan. If it can be registered at all, somebody has to say with which application.
    pub(super) fn item(self) -> Item {
        let item = item(ItemKind::RedirectUrl, self.id, &self.url).named(shown(&self.url));
        if item.verdict == Verdict::CannotMove {
            return item;
        }
        let why = "Clerk does not say which application uses it: say it with --assign URL=CLIENT.".to_owned();
        Item { verdict: Verdict::ToDo, why, ..item }
    }
}
