//! Sign-in: the session method, and a small page where a person can try a migrated password.

use std::sync::Arc;

use axum::Form;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use super::api_error::ApiError;
use super::app::{App, error, json, request_id};
use super::belonging::{Belonging, belongings};
use super::identities::email_key;

/// The longest body of a sign-in.
const MAX_BODY: usize = 16 * 1024;

/// A hash whose password is unknown: it makes an unknown address take as long as a wrong password.
const HASH_OF_NO_USER: &str = "$2b$10$CwTycUXWue0Thq9StjUM0uJ8gF1ZQ1pZfE3aFvP6T8c9N2bG5h3Wm";

/// An address and a password.
#[derive(Deserialize)]
pub(super) struct SignIn {
    email: String,
    password: String,
}

/// The user who signed in.
#[derive(Debug)]
struct SignedIn {
    id: String,
    external_id: Option<String>,
    email: String,
    name: String,
}

struct FoundUser {
    user: SignedIn,
    state: String,
    hash: Option<String>,
}

/// `POST /v1/sessions`
pub(super) async fn create_session(State(app): State<Arc<App>>, request: Request) -> Response {
    #[derive(Serialize)]
    struct Session {
        id: String,
        identity_id: String,
        create_time: String,
    }
    let request_id = request_id(&request);
    let signed_in = match to_bytes(request.into_body(), MAX_BODY).await.map(|body| serde_json::from_slice(&body)) {
        Ok(Ok(attempt)) => sign_in(&app, attempt).await,
        Ok(Err(_)) => Err(ApiError::validation("expected {\"email\", \"password\"}")),
        Err(_) => Err(ApiError::too_large(MAX_BODY)),
    };
    match signed_in {
        Ok(user) => {
            let session = Session {
                id: format!("ses_{}", uuid::Uuid::new_v4()),
                identity_id: user.id,
                create_time: jiff::Timestamp::now().to_string(),
            };
            json(StatusCode::CREATED, serde_json::to_vec(&session).unwrap_or_default())
        }
        Err(failure) => error(&request_id, &failure),
    }
}

/// Checks a password against the stored hash. bcrypt is slow by design, so this runs outside the database's lock.
async fn sign_in(app: &App, attempt: SignIn) -> Result<SignedIn, ApiError> {
    let SignIn { email, password } = attempt;
    let found = app.store.transaction(move |transaction| find(transaction, &email)).await?;
    let hash = found.as_ref().and_then(|found| found.hash.clone()).unwrap_or_else(|| HASH_OF_NO_USER.to_owned());
    let verified = tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false)).await;
    match found {
        Some(found) if found.hash.is_some() && verified.unwrap_or(false) => {
            if found.state == "active" {
                Ok(found.user)
            } else {
                Err(ApiError::locked())
            }
        }
        _ => Err(ApiError::credentials()),
    }
}

fn find(transaction: &rusqlite::Transaction<'_>, email: &str) -> Result<Option<FoundUser>, ApiError> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, external_id, email, first_name, last_name, state, hashed_password FROM identities WHERE email_key = ?1",
    )?;
    let found = statement.query_row([email_key(email)], |row| {
        let names: [Option<String>; 2] = [row.get(3)?, row.get(4)?];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let user = SignedIn { id: row.get(0)?, external_id: row.get(1)?, email: row.get(2)?, name };
        Ok(FoundUser { user, state: row.get(5)?, hash: row.get(6)? })
    });
    Ok(found.optional()?)
}

/// `GET /sign-in`
pub(super) async fn page() -> Response {
    html(StatusCode::OK, "")
}

/// `POST /sign-in`
pub(super) async fn submit(State(app): State<Arc<App>>, Form(attempt): Form<SignIn>) -> Response {
    match sign_in(&app, attempt).await {
        Ok(SignedIn { id, external_id, email, name }) => {
            let external_id = external_id.unwrap_or_default();
            let rows = [("Email", &email), ("Name", &name), ("Identity", &id), ("External id", &external_id)];
            let rows = rows.map(|(label, value)| match value.as_str() {
                "" => String::new(),
                value => format!("<dt>{label}</dt><dd>{}</dd>", escape(value)),
            });
            let rows = rows.concat();
            let belongings = app.store.transaction(move |transaction| belongings(transaction, &id)).await;
            let belongings = belongings.map_or_else(|failure| escape(&failure.message), |found| list(&found));
            html(
                StatusCode::OK,
                &format!(
                    "<section class=\"good\" role=\"status\"><h2>Signed in</h2><dl>{rows}</dl>{belongings}</section>"
                ),
            )
        }
        Err(failure) => {
            let message = escape(&failure.message);
            let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::UNAUTHORIZED);
            html(
                status,
                &format!("<section class=\"bad\" role=\"alert\"><h2>Not signed in</h2><p>{message}</p></section>"),
            )
        }
    }
}

/// The organizations of a user and the roles in them.
fn list(belongings: &[Belonging]) -> String {
    if belongings.is_empty() {
        return "<p>In no organization.</p>".to_owned();
    }
    let items = belongings.iter().map(|Belonging { organization, roles }| {
        format!("<li><strong>{}</strong>: {}</li>", escape(organization), escape(&roles.join(", ")))
    });
    format!("<h3>Organizations</h3><ul>{}</ul>", items.collect::<String>())
}

fn html(status: StatusCode, outcome: &str) -> Response {
    let page = include_str!("sign_in.html").replace("<!-- outcome -->", outcome);
    let mut response = (status, Html(Body::from(page))).into_response();
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
