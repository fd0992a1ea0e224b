//! OAuth of the sandbox, over HTTP: a client library signs somebody in with an old password, as an application does.

use std::future::Future;
use std::pin::Pin;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use oauth2::basic::{BasicErrorResponseType, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    StandardErrorResponse, StandardRevocableToken, StandardTokenIntrospectionResponse, StandardTokenResponse,
    TokenResponse, TokenUrl,
};
use reqwest::{Method, Url, redirect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::caller::{Answer, Caller};
use crate::support::{Sandbox, Scratch};

const REDIRECT: &str = "https://App.example/Callback?a=%2F";

/// A user of the fixture and the old password.
const ADA: (&str, &str) = ("ada@example.com", "correct horse battery");

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct WithIdToken {
    id_token: Option<String>,
}
impl ExtraTokenFields for WithIdToken {}

type Tokens = StandardTokenResponse<WithIdToken, BasicTokenType>;
type Refused = RequestTokenError<reqwest::Error, StandardErrorResponse<BasicErrorResponseType>>;
type Library = oauth2::Client<
    StandardErrorResponse<BasicErrorResponseType>,
    Tokens,
    StandardTokenIntrospectionResponse<WithIdToken, BasicTokenType>,
    StandardRevocableToken,
    StandardErrorResponse<oauth2::RevocationErrorResponseType>,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The library's way to the network: the HTTP client that the other tests have, too.
struct Network(reqwest::Client);

impl<'c> oauth2::AsyncHttpClient<'c> for Network {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let mut answer = oauth2::http::Response::builder().status(response.status());
            answer.headers_mut().expect("headers").extend(response.headers().clone());
            Ok(answer.body(response.bytes().await?.to_vec()).expect("an answer"))
        })
    }
}

/// A sandbox with a migrated user, and a browser.
struct Stage {
    scratch: Scratch,
    sandbox: Sandbox,
    caller: Caller,
    browser: reqwest::Client,
}

impl Stage {
    fn new() -> Self {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
        let hash = bcrypt::hash(ADA.1, 4).expect("a hash");
        let users = json!([{
            "id": "user_ada", "first_name": "Ada", "last_name": "Lovelace", "username": "ada",
            "email_addresses": [{"id": "e", "email_address": ADA.0, "verified": true}], "primary_email_address_id": "e",
            "password_digest": hash, "password_hasher": "bcrypt",
        }]);
        scratch.write("users.json", users.to_string());
        scratch.import(&sandbox, "users.json", &[]).expect_code(0);
        let caller = Caller::of(&sandbox);
        let browser = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self { scratch, sandbox, caller, browser: browser.build().expect("a browser") }
    }

    async fn register(&self, client: Value) -> Value {
        self.caller.post("v1/oauth-clients", client).await.expect(201)
    }

    fn library(&self, client: &Value) -> Library {
        let text = |name: &str| client[name].as_str().expect("a text").to_owned();
        let auth_type = match client["token_endpoint_auth_method"].as_str() {
            Some("client_secret_basic") => AuthType::BasicAuth,
            _ => AuthType::RequestBody,
        };
        let base = self.sandbox.base_url();
        let library = oauth2::Client::new(ClientId::new(text("client_id")))
            .set_auth_type(auth_type)
            .set_auth_uri(AuthUrl::new(format!("{base}/oauth2/auth")).expect("an address"))
            .set_token_uri(TokenUrl::new(format!("{base}/oauth2/token")).expect("an address"))
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).expect("an address"));
        match client["client_secret"].as_str() {
            Some(secret) => library.set_client_secret(ClientSecret::new(secret.to_owned())),
            None => library,
        }
    }

    async fn open(&self, address: &str) -> Answer {
        let url = Url::parse(&self.sandbox.base_url()).expect("a base").join(address).expect("an address");
        Answer::of(self.browser.get(url).send().await.expect("a page")).await
    }

    async fn submit(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}{action}", self.sandbox.base_url());
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = self.browser.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        Answer::of(form.send().await.expect("a page")).await
    }

    /// Asks the token endpoint by hand, as no library would.
    async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.submit("/oauth2/token", fields).await
    }

    /// Goes to the sign-in page that an address leads to, and signs in.
    async fn sign_in(&self, address: &str, password: &str) -> Answer {
        let sent = self.open(address).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let page = self.open(sent.header("location").expect("the sign-in page")).await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("form-action 'self' https://app.example;"), "or a browser stops there: {policy}");
        let challenge = hidden(&page.body, "login_challenge");
        self.submit("/sign-in", &[("email", ADA.0), ("password", password), ("login_challenge", &challenge)]).await
    }

    /// A code for Ada, of a client that needs no consent.
    async fn code(&self, library: &Library, scopes: &[&str]) -> (AuthorizationCode, PkceCodeVerifier) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = scopes.iter().map(|scope| Scope::new((*scope).to_owned()));
        let request = library.authorize_url(|| CsrfToken::new("a & state=ü".to_owned())).set_pkce_challenge(challenge);
        let (url, _) = request.add_scopes(scopes).add_extra_param("nonce", "n-1").url();
        let back = back_at(&self.sign_in(url.as_str(), ADA.1).await);
        assert_eq!(back.get("state").map(String::as_str), Some("a & state=ü"), "the state comes back as it was");
        (AuthorizationCode::new(back["code"].clone()), verifier)
    }

    fn network(&self) -> Network {
        Network(self.browser.clone())
    }

    fn sql(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.scratch.path("sandbox.db")).expect("the database");
        database.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
        database.execute(sql, []).expect("a change");
    }
}

/// The value of a hidden field of a form.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    rest.split('"').next().expect("its end").to_owned()
}

/// What the query says that the application gets; its address has to be the registered one, byte for byte.
#[track_caller]
fn back_at(answer: &Answer) -> std::collections::BTreeMap<String, String> {
    let location = answer.header("location").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body));
    let query = location.strip_prefix(&format!("{REDIRECT}&")).unwrap_or_else(|| panic!("not back: {location}"));
    assert_eq!(answer.status, 303);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[track_caller]
fn expect_refused(refused: Result<Tokens, Refused>, code: &str) {
    match refused {
        Err(RequestTokenError::ServerResponse(error)) => assert_eq!(error.error().as_ref(), code, "{error:?}"),
        other => panic!("expected {code}: {other:?}"),
    }
}

#[track_caller]
fn expect_error(answer: Answer, status: u16, code: &str) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.expect(status);
    assert_eq!(body["error"], code, "{body}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order: each step costs a password")]
async fn a_client_library_signs_a_migrated_user_in() {
    let stage = Stage::new();
    let web = json!({
        "client_id": "clerk-client-1", "client_name": "Shop <b>", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid email profile offline_access",
    });
    let web = stage.register(web).await;
    let library = stage.library(&web);

    // A wrong password leads nowhere, and the person may try again on the same page. Then the person agrees.
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = library.authorize_url(|| CsrfToken::new("s".to_owned())).set_pkce_challenge(challenge);
    let (url, _) = request.add_extra_param("nonce", "n-1").url();
    let wrong = stage.sign_in(url.as_str(), "wrong password").await;
    assert_eq!((wrong.status, wrong.header("location")), (401, None));
    let again = hidden(&wrong.body, "login_challenge");
    let asked = stage.submit("/sign-in", &[("email", ADA.0), ("password", ADA.1), ("login_challenge", &again)]).await;
    assert!(asked.status == 200 && asked.body.contains("Shop &lt;b&gt;"), "who asks is named: {}", asked.body);
    let consent = hidden(&asked.body, "consent_challenge");
    let used = stage.submit("/sign-in", &[("email", ADA.0), ("password", ADA.1), ("login_challenge", &again)]).await;
    assert_eq!(used.status, 400, "a challenge is good once");
    let allow = [("consent_challenge", consent.as_str()), ("decision", "allow")];
    let back = back_at(&stage.submit("/oauth2/consent", &allow).await);
    assert_eq!(stage.submit("/oauth2/consent", &allow).await.status, 400, "a consent is good once");

    // The code becomes tokens, which others can check.
    let network = stage.network();
    let code = AuthorizationCode::new(back["code"].clone());
    let tokens = library.exchange_code(code).set_pkce_verifier(verifier).request_async(&network).await;
    let tokens = tokens.expect("tokens");
    assert_eq!(tokens.expires_in().map(|time| time.as_secs()), Some(900));
    let base = stage.sandbox.base_url();
    let found = stage.open("/.well-known/openid-configuration").await.expect(200);
    assert_eq!(found["issuer"], base);
    let keys = stage.open(found["jwks_uri"].as_str().expect("an address")).await;
    let keys: JwkSet = serde_json::from_str(&keys.body).expect("keys");
    let claims_of = |token: &str, audience: &str| {
        let header = decode_header(token).expect("a header");
        let key = keys.find(&header.kid.expect("a key id")).expect("its key");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[&base]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        decode::<Value>(token, &DecodingKey::from_jwk(key).expect("a key"), &validation).map(|token| token.claims)
    };
    let id_token = tokens.extra_fields().id_token.clone().expect("an id token");
    let claims = claims_of(&id_token, "clerk-client-1").expect("a signature");
    let ada = stage.sandbox.column("id").remove(0);
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!(ada), &json!("n-1")));
    assert!(claims_of(&id_token, "another").is_err() && claims_of(&format!("{id_token}x"), "clerk-client-1").is_err());

    // Who it is.
    let userinfo = |token: String| {
        let request = stage.browser.get(format!("{base}/userinfo")).bearer_auth(token);
        async { Answer::of(request.send().await.expect("an answer")).await }
    };
    let access = tokens.access_token().secret().clone();
    let who = userinfo(access.clone()).await.expect(200);
    assert_eq!((&who["sub"], &who["email"], &who["name"]), (&json!(ada), &json!(ADA.0), &json!("Ada Lovelace")));
    expect_error(userinfo("odd".to_owned()).await, 401, "invalid_token");

    // Each refresh token is good once; when an old one comes again, all tokens of the grant end.
    let first = tokens.refresh_token().expect("a refresh token").clone();
    let refreshed = library.exchange_refresh_token(&first).request_async(&network).await.expect("tokens");
    let second: RefreshToken = refreshed.refresh_token().expect("a new one").clone();
    assert_ne!(first.secret(), second.secret());
    assert_eq!(userinfo(refreshed.access_token().secret().clone()).await.status, 200);
    expect_refused(library.exchange_refresh_token(&first).request_async(&network).await, "invalid_grant");
    expect_refused(library.exchange_refresh_token(&second).request_async(&network).await, "invalid_grant");
    expect_error(userinfo(access).await, 401, "invalid_token");

    // Without consent: refused are a wrong verifier, another redirect URI, another client, a code that came before, an expired one.
    let mask = json!({"client": {"skip_consent": true}, "update_mask": "skip_consent"});
    stage.caller.patch("v1/oauth-clients/clerk-client-1", mask, None).await.expect(200);
    let (code, verifier) = stage.code(&library, &["openid"]).await;
    let other = PkceCodeVerifier::new("x".repeat(43));
    let exchange = |code: &AuthorizationCode, verifier| library.exchange_code(code.clone()).set_pkce_verifier(verifier);
    let same = PkceCodeVerifier::new(verifier.secret().clone());
    expect_refused(exchange(&code, other).request_async(&network).await, "invalid_grant");
    for elsewhere in ["https://app.example/Callback?a=%2F", "https://App.example/Callback?a=/"] {
        let elsewhere = RedirectUrl::new(elsewhere.to_owned()).expect("an address");
        let verifier = PkceCodeVerifier::new(verifier.secret().clone());
        let request = exchange(&code, verifier).set_redirect_uri(std::borrow::Cow::Owned(elsewhere));
        expect_refused(request.request_async(&network).await, "invalid_grant");
    }
    let mobile = json!({
        "client_name": "Phone", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none", "skip_consent": true,
    });
    let mobile = stage.library(&stage.register(mobile).await);
    let stolen = mobile.exchange_code(code.clone()).set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().clone()));
    expect_refused(stolen.request_async(&network).await, "invalid_grant");
    let tokens = exchange(&code, verifier).request_async(&network).await.expect("the code is still good");
    assert!(tokens.refresh_token().is_none(), "offline_access was not asked for");
    expect_refused(exchange(&code, same).request_async(&network).await, "invalid_grant");
    let access = tokens.access_token().secret().clone();
    expect_error(userinfo(access).await, 401, "invalid_token");
    let (code, verifier) = stage.code(&library, &["openid"]).await;
    stage.sql("UPDATE oauth_grants SET expires_unix = 1 WHERE phase = 'code'");
    expect_refused(exchange(&code, verifier).request_async(&network).await, "invalid_grant");

    // A public client has no secret. Who is disabled since gets nothing, though the code was good.
    let (code, verifier) = stage.code(&mobile, &["openid"]).await;
    let tokens = mobile.exchange_code(code).set_pkce_verifier(verifier).request_async(&network).await.expect("tokens");
    let (code, verifier) = stage.code(&mobile, &["openid"]).await;
    stage.sql("UPDATE identities SET state = 'inactive'");
    expect_refused(
        mobile.exchange_code(code).set_pkce_verifier(verifier).request_async(&network).await,
        "invalid_grant",
    );
    expect_error(userinfo(tokens.access_token().secret().clone()).await, 401, "invalid_token");

    // Nothing of it is in the database as it is.
    let database = std::fs::read(stage.scratch.path("sandbox.db")).expect("the database");
    for secret in [web["client_secret"].as_str().expect("a secret"), tokens.access_token().secret(), second.secret()] {
        assert!(!database.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of what is refused")]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let browser = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().expect("a browser");
    let stage = Stage { caller: Caller::of(&sandbox), scratch, sandbox, browser };
    let client =
        json!({"client_id": "app", "client_name": "App", "redirect_uris": [REDIRECT], "scope": "openid email"});
    let client = stage.register(client).await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let asked = [
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("state", "s"),
    ];
    // The request with another value, or without the parameter if that is empty.
    let address = |name: &str, value: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = asked.iter().filter(|(other, _)| *other != name);
        query.extend_pairs(kept).append_pair(name, value);
        format!("/oauth2/auth?{}", query.finish())
    };
    for other in [
        "",
        "https://evil.example/",
        "https://app.example/Callback?a=%2F",
        "https://App.example/Callback?a=%2f",
        "https://App.example/Callback?a=%2F&b=1",
        "https://App.example/Callback",
        "//evil.example",
    ] {
        let page = stage.open(&address("redirect_uri", other)).await;
        assert_eq!((page.status, page.header("location")), (400, None), "{other}");
        assert!(!page.body.contains("evil"), "nor is it shown");
    }
    let page = stage.open(&address("client_id", "another")).await;
    assert_eq!((page.status, page.header("location")), (400, None));
    let twice = stage.open(&format!("{}&redirect_uri=https://evil.example/", address("nonce", "n"))).await;
    assert_eq!((twice.status, twice.header("location")), (400, None));
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("scope", "openid admin", "invalid_scope"),
        ("prompt", "none", "login_required"),
        ("response_mode", "fragment", "invalid_request"),
        ("request_uri", "https://evil.example/", "request_not_supported"),
    ] {
        let back = back_at(&stage.open(&address(name, value)).await);
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "s"), "{name}={value}");
    }
    // The token endpoint: who calls, and how.
    let secret = client["client_secret"].as_str().expect("a secret");
    let good = ("grant_type", "authorization_code");
    expect_error(stage.token(&[good]).await, 401, "invalid_client");
    expect_error(stage.token(&[good, ("client_id", "app")]).await, 401, "invalid_client");
    let posted = [good, ("client_id", "app"), ("client_secret", secret)];
    expect_error(stage.token(&posted).await, 401, "invalid_client");
    let basic = |password: &str, body: String| {
        let url = format!("{}/oauth2/token", stage.sandbox.base_url());
        let request = stage.browser.post(url).basic_auth("app", Some(password)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        async { Answer::of(request.send().await.expect("an answer")).await }
    };
    let refused = basic("wrong", "grant_type=authorization_code".to_owned()).await;
    assert!(refused.header("www-authenticate").is_some_and(|value| value.starts_with("Basic")));
    expect_error(refused, 401, "invalid_client");
    for (body, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unauthorized_client"),
        ("grant_type=authorization_code&code=x", "invalid_request"),
        ("grant_type=authorization_code&grant_type=authorization_code", "invalid_request"),
    ] {
        expect_error(basic(secret, body.to_owned()).await, 400, error);
    }
    let foreign = stage.browser.get(format!("{}/.well-known/jwks.json", stage.sandbox.base_url()));
    let foreign = foreign.header("host", "evil.example").send().await.expect("an answer");
    assert_eq!(foreign.status().as_u16(), 421, "as every other path");

    // Those who try too often have to wait, as callers of the API do.
    let Stage { scratch, sandbox, caller, .. } = stage;
    // The connections of the other one are over.
    let browser = reqwest::Client::builder().no_proxy().build().expect("a browser");
    let sandbox = sandbox.replace(&scratch, &["--rate", "1", "--burst", "1"]);
    let stage = Stage { scratch, sandbox, caller, browser };
    let answers = [stage.token(&[good]).await, stage.token(&[good]).await];
    let waits = answers.iter().find(|answer| answer.status == 429).expect("the second one at the latest");
    assert!(waits.header("retry-after").is_some() && waits.body.contains("temporarily_unavailable"), "{}", waits.body);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn clients_are_made_changed_listed_and_deleted() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let caller = Caller::of(&sandbox);
    let (invalid, conflict, absent) = ("AVNOLOGY_AUTH_902", "AVNOLOGY_AUTH_903", "AVNOLOGY_AUTH_901");
    let path = "v1/oauth-clients";
    for (body, field) in [
        (json!({}), "client_name"),
        (json!({"client_name": ""}), "client_name"),
        (json!({"client_name": "a", "client_id": "a b"}), "client_id"),
        (json!({"client_name": "a", "redirect_uris": ["/cb"]}), "redirect_uris"),
        (json!({"client_name": "a", "redirect_uris": ["http://app.example/"]}), "redirect_uris"),
        (json!({"client_name": "a", "redirect_uris": vec!["https://a.example/"; 101]}), "redirect_uris"),
        (json!({"client_name": "a", "grant_types": ["implicit"]}), "grant_types"),
        (json!({"client_name": "a", "response_types": ["token"]}), "response_types"),
        (json!({"client_name": "a", "scope": "a  b"}), "scope"),
        (json!({"client_name": "a", "token_endpoint_auth_method": "magic"}), "token_endpoint_auth_method"),
        (json!({"client_name": "a", "logo_uri": "javascript:x"}), "logo_uri"),
        (json!({"client_name": "a", "metadata": 7}), "metadata"),
        (
            json!({"client_name": "a", "token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            "grant_types",
        ),
    ] {
        let refused = caller.post(path, &body).await.expect_error(400, invalid);
        assert_eq!(refused["error"]["field"], field, "{body}");
    }
    let uris = json!(["https://bücher.example/zurück?x=%2F", "myapp://CB", "http://127.0.0.1:3000/"]);
    let body =
        json!({"client_id": "one", "client_name": "One", "redirect_uris": uris, "metadata": {"clerk": {"id": "oa_1"}}});
    let made = caller.post_once(path, &body, "key-1").await.expect(201);
    let secret = made["client_secret"].as_str().expect("a secret");
    let replayed = caller.post_once(path, &body, "key-1").await;
    assert_eq!(
        (replayed.header("idempotent-replayed"), replayed.json()["client_secret"].as_str()),
        (Some("true"), Some(secret))
    );
    let taken = caller.post(path, &body).await.expect_error(409, conflict);
    assert_eq!(taken["error"]["field"], "client_id");
    let got = caller.get(&format!("{path}/one")).await.expect(200);
    assert_eq!((&got["redirect_uris"], &got["metadata"]), (&uris, &body["metadata"]), "byte for byte, in their order");
    assert!(got.get("client_secret").is_none(), "a secret is shown once");

    let public = json!({"client_name": "Two", "token_endpoint_auth_method": "none"});
    let public = caller.post(path, public).await.expect(201);
    let id = public["client_id"].as_str().expect("an id");
    assert!(id.starts_with("app_") && public.get("client_secret").is_none(), "{public}");
    caller.post(&format!("{path}/{id}:rotateSecret"), "").await.expect_error(400, invalid);
    let rotated = caller.post(&format!("{path}/one:rotateSecret"), "").await.expect(200);
    assert_ne!(rotated["client_secret"].as_str().expect("a secret"), secret);
    let change = |client: Value, mask: &str| {
        caller.patch("v1/oauth-clients/one", json!({"client": client, "update_mask": mask}), None)
    };
    let changed =
        change(json!({"client_name": "New", "redirect_uris": []}), "client_name,redirect_uris").await.expect(200);
    assert_eq!(
        (&changed["client_name"], &changed["redirect_uris"], &changed["scope"]),
        (&json!("New"), &json!([]), &json!("openid"))
    );
    change(json!({"client_id": "x"}), "client_id").await.expect_error(400, invalid);
    change(json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method")
        .await
        .expect_error(400, invalid);

    let listed = caller.get(&format!("{path}?page_size=1")).await.expect(200);
    assert_eq!((&listed["oauth_clients"][0]["client_id"], &listed["next_page_token"]), (&json!(id), &json!("2")));
    let second = caller.get(&format!("{path}?page_size=1&page_token=2")).await.expect(200);
    assert_eq!((&second["oauth_clients"][0]["client_id"], &second["next_page_token"]), (&json!("one"), &Value::Null));
    let filtered = caller.get(&format!("{path}?filter=client_id%20%3D%20%22one%22")).await.expect(200);
    assert_eq!(filtered["oauth_clients"].as_array().map(Vec::len), Some(1));
    let delete = || async {
        Answer::of(caller.request(Method::DELETE, "v1/oauth-clients/one").send().await.expect("an answer")).await
    };
    delete().await.expect(204);
    delete().await.expect_error(404, absent);
    caller.get(&format!("{path}/one")).await.expect_error(404, absent);

    let sandbox = sandbox.replace(&scratch, &["--scopes", "admin:users:write,admin:oauth-clients:read"]);
    let reader = Caller::of(&sandbox);
    reader.get(path).await.expect(200);
    reader.post(path, json!({"client_name": "a"})).await.expect_error(403, "AVNOLOGY_AUTH_100");
    let sandbox = sandbox.replace(&scratch, &["--no-batch"]);
    Caller::of(&sandbox).post(path, json!({"client_name": "a"})).await.expect_error(404, absent);
}
