//! OAuth applications, which become clients.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::redirect_uri::{item, shown};
use super::scope::scope;
use super::{Item, ItemKind, Verdict};

/// What is read of an application. Its secret is never in an answer, and would not be read.
#[derive(Debug, Deserialize)]
pub(super) struct Application {
    id: String,
    name: String,
    client_id: String,
    client_uri: Option<String>,
    #[serde(default)]
    public: bool,
    pkce_required: Option<bool>,
    consent_screen_enabled: Option<bool>,
    dynamically_registered: Option<bool>,
    scopes: Option<String>,
    redirect_uris: Option<Vec<String>>,
    callback_url: Option<String>,
}

impl Application {
    /// It as a thing of the plan, with its redirect URIs and scopes.
    pub(super) fn item(self) -> Item {
        let is_dynamic = self.dynamically_registered == Some(true);
        let scopes: BTreeSet<&str> = self.scopes.iter().flat_map(|scopes| scopes.split_whitespace()).collect();
        let registered: BTreeSet<&str> = self.redirect_uris.iter().flatten().map(String::as_str).collect();
        let callback = self.callback_url.as_deref().filter(|url| !url.is_empty() && !registered.contains(url));
        let uri = |uri: &&str| {
            let item = item(ItemKind::RedirectUri, shown(uri), uri);
            if Some(*uri) == callback {
                item.warned("callback_url_added", "It is the old callback URL, and not among the redirect URIs.")
            } else {
                item
            }
        };
        let skips_consent = self.consent_screen_enabled == Some(false);
        let (verdict, why) = if is_dynamic {
            (Verdict::CannotMove, "It registered itself, and registers itself at the target again.")
        } else if skips_consent {
            (Verdict::Check, "It becomes a client without a consent screen: look whether that is still wanted.")
        } else {
            (Verdict::Moved, "It becomes a client of the same name.")
        };
        let uris: Vec<Item> = registered.iter().copied().chain(callback).map(|text| uri(&text)).collect();
        let mut client = Item::new(ItemKind::Application, &self.id, verdict, why)
            .named(&self.name)
            .at_target("client_id", self.client_id.as_str())
            .at_target("token_endpoint_auth_method", if self.public { "none" } else { "client_secret" })
            .at_target("pkce", "S256")
            .at_target("skip_consent", skips_consent)
            .at_target("client_uri", self.client_uri.map_or(Value::Null, Value::from));
        if !is_dynamic {
            client = client.warned(
                "client_id_may_change",
                "The target may give another client id: send it to each party that uses this one.",
            );
            if !self.public {
                client = client.warned("new_secret", "Clerk does not give its secret: the target gives a new one.");
            }
            if self.pkce_required != Some(true) {
                client = client.warned(
                    "pkce_now_required",
                    "The target requires PKCE (S256): its code has to send a challenge before the switch.",
                );
            }
            if scopes.contains("openid") {
                client = client.warned(
                    "subject_changes",
                    "`sub` becomes the id at the target: a party that stores it needs the list of ids (`runs ids`).",
                );
            }
        }
        client.with_parts(uris).with_parts(scopes.into_iter().map(scope))
    }
}
