//! Applications become clients of a real Hydra, and a client library signs in through one of them.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse, TokenUrl,
};
use serde_json::{Value, json};

use crate::hydra::{Hydra, is_here, parameter};
use crate::support::apps::{application, assigned, plan_of, send_for_library};
use crate::support::{Scratch, lines};

const ODD: &str = "https://App1.example.com:8443/Callback/?a=%2F&b=ü";
const ASSIGNED: &str = "com.example.app://callback";

/// Goes through a whole code flow with PKCE by the library, with the secret that the file of secrets has. Returns whether there
/// was an access token and a refresh token.
fn code_flow(hydra: &Hydra, client_id: &str, secret: Option<&str>, redirect_uri: &str) -> bool {
    let client = BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_uri(AuthUrl::new(hydra.public("oauth2/auth")).expect("a URL"))
        .set_token_uri(TokenUrl::new(hydra.public("oauth2/token")).expect("a URL"))
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).expect("a URL"));
    let client = match secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
        None => client,
    };
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(["openid", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let back = hydra.go_through(url.as_str());
    assert!(back.starts_with(redirect_uri.split('?').next().expect("a part")), "{back}");
    assert_eq!(&parameter(&back, "state"), state.secret());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let token = runtime.block_on(
        client
            .exchange_code(AuthorizationCode::new(parameter(&back, "code")))
            .set_pkce_verifier(verifier)
            .request_async(&send_for_library),
    );
    token.is_ok_and(|token| token.refresh_token().is_some())
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first step to the last")]
fn applications_become_clients_of_a_hydra_once_and_a_client_library_signs_in_through_them() {
    if !is_here() {
        return;
    }
    let (scratch, hydra) = (Scratch::new(), Hydra::start());
    let mut items = vec![
        application(1, false, &[ODD, "https://*.example.com/cb", "https://app1.example.com/%7Ecb"]),
        application(2, true, &["http://localhost:3000/cb"]),
        application(3, false, &["https://app3.example.com/cb"]),
        assigned(1, ASSIGNED, "client_2"),
    ];
    scratch.write("plan.json", plan_of(&items));
    let apply = ["apply", "--plan", "plan.json"];
    let refused = hydra.apps(&scratch, &apply).expect_code(2);
    assert!(refused.stderr.contains("--secrets-out FILE is needed"), "{}", refused.stderr);
    assert!(hydra.clients().is_empty());
    let with_secrets = [&apply[..], &["--secrets-out", "secrets.ndjson"]].concat();
    let planned = hydra.apps(&scratch, &[&with_secrets[..], &["--dry-run"]].concat()).expect_code(0);
    assert_eq!((planned.count("created"), hydra.clients().len()), (3, 0));
    let first = hydra.apps(&scratch, &with_secrets).expect_code(0);
    assert_eq!(first.count("created"), 3);
    let there = hydra.clients();
    assert_eq!(there["client_1"]["redirect_uris"], json!([ODD, "https://app1.example.com/%7Ecb"]));
    assert_eq!(there["client_2"]["redirect_uris"], json!([ASSIGNED, "http://localhost:3000/cb"]));
    assert_eq!(there["client_2"]["token_endpoint_auth_method"], "none");
    assert!(first.stdout.contains("https://*.example.com/cb is not registered"), "{}", first.stdout);
    let secrets = lines(&scratch.path("secrets.ndjson"));
    let secret_of = |client: &str| {
        secrets.iter().find(|line| line["client_id"] == client).and_then(|line| line["client_secret"].as_str())
    };
    let [one, three] = ["client_1", "client_3"].map(|client| secret_of(client).expect("a secret"));
    assert_eq!((secrets.len(), secret_of("client_2")), (3, None), "a first line and two secrets");

    // The same again: nothing is asked for, and nothing changes. The file of secrets stays as it is.
    let again = hydra.apps(&scratch, &apply).expect_code(0);
    assert_eq!((again.count("unchanged"), hydra.clients()), (3, there));
    let written = scratch.read("secrets.ndjson");
    assert_eq!(hydra.apps(&scratch, &with_secrets).expect_code(0).count("unchanged"), 3);
    assert_eq!(scratch.read("secrets.ndjson"), written);

    // The plan changes: the client does, and its secret stays, as does what somebody added to it.
    let added = json!([
        {"op": "add", "path": "/post_logout_redirect_uris", "value": ["https://app1.example.com/bye"]},
        {"op": "add", "path": "/metadata/team", "value": "payments"},
    ]);
    hydra.ask("PATCH", "admin/clients/client_1", Some(&added));
    items[0]["name"] = json!("Renamed");
    items[0]["target"]["client_uri"] = json!("https://app1.example.com");
    scratch.write("plan.json", plan_of(&items));
    assert_eq!(hydra.apps(&scratch, &["verify", "--plan", "plan.json"]).expect_code(3).count("different"), 1);
    assert_eq!(hydra.apps(&scratch, &apply).expect_code(0).count("changed"), 1);
    let changed = &hydra.clients()["client_1"];
    assert_eq!(
        (&changed["client_name"], &changed["client_uri"]),
        (&json!("Renamed"), &json!("https://app1.example.com"))
    );
    assert_eq!(changed["post_logout_redirect_uris"], json!(["https://app1.example.com/bye"]));
    assert_eq!(changed["metadata"]["team"], "payments");
    items[0]["target"]["client_uri"] = Value::Null;
    scratch.write("plan.json", plan_of(&items));
    assert_eq!(hydra.apps(&scratch, &apply).expect_code(0).count("changed"), 1);
    assert_eq!(hydra.clients()["client_1"]["client_uri"].as_str().unwrap_or_default(), "");
    hydra.ask("POST", "admin/clients", Some(&json!({"client_id": "other", "client_name": "Somebody's"})));
    let verified = hydra.apps(&scratch, &["verify", "--plan", "plan.json"]).expect_code(0);
    assert_eq!((verified.count("equal"), verified.count("extra")), (3, 1));
    assert!(verified.stdout.contains("Somebody's"), "extras are named: {}", verified.stdout);
    assert!(code_flow(&hydra, "client_1", Some(one), ODD));
    assert!(code_flow(&hydra, "client_2", None, ASSIGNED));
    assert!(!code_flow(&hydra, "client_3", Some(one), "https://app3.example.com/cb"), "not with another's secret");

    // What somebody changed is left, unless it is forced; what somebody else made is never ours.
    hydra.ask(
        "PATCH",
        "admin/clients/client_3",
        Some(&json!([{"op": "replace", "path": "/client_name", "value": "Theirs"}])),
    );
    let left = hydra.apps(&scratch, &apply).expect_code(3);
    assert!(
        left.stdout.contains("changed_since") && hydra.clients()["client_3"]["client_name"] == "Theirs",
        "{}",
        left.stdout
    );
    hydra.apps(&scratch, &["undo"]).expect_code(2);
    let undone = hydra.apps(&scratch, &["undo", "--yes"]).expect_code(3);
    assert_eq!((undone.count("deleted"), undone.count("kept")), (2, 1));
    hydra.apps(&scratch, &["undo", "--yes", "--force"]).expect_code(0);
    assert_eq!(hydra.clients().keys().map(String::as_str).collect::<Vec<_>>(), ["other"]);
    let runs = [&planned, &first, &again, &verified, &left, &undone];
    for run in runs {
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(![one, three].iter().any(|secret| said.contains(secret)), "a secret is in no output");
    }
    let other: Value = hydra.ask("GET", "admin/clients/other", None).body;
    assert_eq!(other["client_name"], "Somebody's");
}
