//! Which client an application of a plan becomes.

use serde_json::Value;

use super::ClientForm;
use super::client_form::PUBLIC;
use crate::tenant_plan::{Item, ItemKind, Verdict, judge};

/// The most bytes of a client id.
const MAX_CLIENT_ID: usize = 255;

/// What a plan calls the method of a client that has a secret.
const WITH_SECRET: &str = "client_secret";

/// What becomes of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// A client.
    Client(Box<PlannedClient>),
    /// Nothing: it registers itself at the target, as it did at Clerk.
    RegistersItself,
    /// Nothing, until somebody does something.
    Impossible {
        /// Clerk's id of it.
        application: String,
        /// Why, in one sentence.
        why: &'static str,
    },
}

/// The client that an application becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedClient {
    /// Clerk's id of the application.
    pub application: String,
    /// The client, without a mark.
    pub form: ClientForm,
    /// Redirect URIs that the target does not take, and why.
    pub refused: Vec<(String, &'static str)>,
}

/// What becomes of an application of a plan, to which a person assigned these redirect URLs.
pub fn planned(item: &Item, assigned: &[String]) -> Planned {
    if item.verdict == Verdict::CannotMove {
        return Planned::RegistersItself;
    }
    let impossible = |why| Planned::Impossible { application: item.id.clone(), why };
    let text = |name: &str| item.target.get(name).and_then(Value::as_str);
    let Some(client_id) = text("client_id").filter(|id| is_client_id(id)) else {
        return impossible("Its client id has characters that an id cannot have.");
    };
    let own = item.parts.iter().filter(|part| part.kind == ItemKind::RedirectUri).map(|part| &part.id);
    let (mut redirect_uris, mut refused) = (Vec::new(), Vec::new());
    for uri in own.chain(assigned) {
        match judge(uri) {
            (Verdict::CannotMove, why) => refused.push((uri.clone(), why)),
            _ if redirect_uris.contains(uri) => {}
            _ => redirect_uris.push(uri.clone()),
        }
    }
    redirect_uris.sort_unstable();
    let scopes: Vec<&str> =
        item.parts.iter().filter(|part| part.kind == ItemKind::Scope).map(|part| part.id.as_str()).collect();
    if redirect_uris.is_empty() {
        return impossible("It has no redirect URI that the target takes: assign one, or give it one at Clerk.");
    }
    if scopes.is_empty() {
        return impossible("It has no scope: give it one at Clerk, or the target would choose some.");
    }
    let is_public = match text("token_endpoint_auth_method") {
        Some(PUBLIC) => true,
        Some(WITH_SECRET) => false,
        _ => return impossible("Its `token_endpoint_auth_method` in the plan is neither `none` nor `client_secret`."),
    };
    let skip_consent = match item.target.get("skip_consent") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(skip)) => *skip,
        Some(_) => return impossible("Its `skip_consent` in the plan is neither `true` nor `false`."),
    };
    let form = ClientForm {
        client_id: client_id.to_owned(),
        client_name: item.name.clone().unwrap_or_default(),
        redirect_uris,
        grant_types: if scopes.contains(&"offline_access") {
            vec!["authorization_code", "refresh_token"]
        } else {
            vec!["authorization_code"]
        },
        response_types: vec!["code"],
        scope: scopes.join(" "),
        token_endpoint_auth_method: if is_public { PUBLIC } else { "client_secret_basic" }.to_owned(),
        client_uri: text("client_uri").filter(|uri| !uri.is_empty()).map(str::to_owned),
        skip_consent,
        metadata: Value::Null,
    };
    Planned::Client(Box::new(PlannedClient { application: item.id.clone(), form, refused }))
}

/// Whether it can be an id of a client, which is also a part of an address.
fn is_client_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    (1..=MAX_CLIENT_ID).contains(&id.len()) && id.bytes().all(is_allowed) && !id.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn item(uris: &[&str], scopes: &[&str], client_id: &str) -> Item {
        let part = |kind: &str, id: &&str| json!({"kind": kind, "id": id, "verdict": "moved", "why": ""});
        let parts: Vec<Value> = uris
            .iter()
            .map(|uri| part("redirect_uri", uri))
            .chain(scopes.iter().map(|scope| part("scope", scope)))
            .collect();
        let target =
            json!({"client_id": client_id, "token_endpoint_auth_method": "client_secret", "skip_consent": true});
        serde_json::from_value(
            json!({"kind": "application", "id": "oa_1", "name": "Shop", "verdict": "check", "why": "",
            "target": target, "parts": parts}),
        )
        .expect("an item")
    }

    #[test]
    fn an_application_becomes_a_client_with_what_the_target_takes_of_it() {
        let found = item(&["https://*.a.example/", "https://a.example/CB/?x=%2F"], &["openid", "offline_access"], "c1");
        let Planned::Client(client) = planned(&found, &["com.example:/cb".to_owned(), "/relative".to_owned()]) else {
            panic!("a client")
        };
        assert_eq!(client.form.redirect_uris, ["com.example:/cb", "https://a.example/CB/?x=%2F"]);
        assert_eq!(
            client.refused.iter().map(|(uri, _)| uri.as_str()).collect::<Vec<_>>(),
            ["https://*.a.example/", "/relative"]
        );
        assert_eq!(client.form.grant_types, ["authorization_code", "refresh_token"]);
        assert!(client.form.is_confidential() && client.form.skip_consent);
        for (uris, scopes, id) in [
            (&["https://*.a.example/"][..], &["openid"][..], "c1"),
            (&["https://a.example/"], &[], "c1"),
            (&["https://a.example/"], &["openid"], "../clients"),
            (&["https://a.example/"], &["openid"], ".."),
            (&["https://a.example/"], &["openid"], ""),
        ] {
            assert!(
                matches!(planned(&item(uris, scopes, id), &[]), Planned::Impossible { .. }),
                "{uris:?} {scopes:?} {id}"
            );
        }
        // What somebody wrote into the plan by hand is not guessed at.
        for (name, value) in [("token_endpoint_auth_method", json!("magic")), ("skip_consent", json!("yes"))] {
            let mut odd = item(&["https://a.example/"], &["openid"], "c1");
            odd.target.insert(name.to_owned(), value);
            let why = match planned(&odd, &[]) {
                Planned::Impossible { why, .. } => why,
                other => panic!("{name}: {other:?}"),
            };
            assert!(why.contains(name), "{why}");
        }
        let dynamic = Item { verdict: Verdict::CannotMove, ..item(&["https://a.example/"], &["openid"], "c1") };
        assert_eq!(planned(&dynamic, &[]), Planned::RegistersItself);
    }

    proptest! {
        #[test]
        fn redirect_uris_are_sent_byte_for_byte_or_refused_with_a_reason(
            uris in proptest::collection::vec("(https?://[a-zA-Z]{1,5}(:[0-9]{1,4})?(/[a-zA-Z0-9%._~ü*# -]{0,5}){0,3}|[a-z.]{1,8}:/{1,2}[a-zA-Z]{0,5})", 1..6),
        ) {
            let refs: Vec<&str> = uris.iter().map(String::as_str).collect();
            let (sent, refused) = match planned(&item(&refs, &["openid"], "c1"), &[]) {
                Planned::Client(client) => (client.form.redirect_uris, client.refused),
                _ => (Vec::new(), uris.iter().map(|uri| (uri.clone(), judge(uri).1)).collect()),
            };
            for uri in &uris {
                let is_refused = refused.iter().any(|(other, why)| other == uri && why.ends_with('.'));
                prop_assert!(sent.contains(uri) != is_refused, "{uri}");
            }
            prop_assert!(sent.iter().all(|uri| uris.contains(uri)));
        }
    }
}
