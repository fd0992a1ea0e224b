//! Who signs in with a migrated password: the session method, and the check that it shares with the page.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use super::api_error::ApiError;
use super::app::{App, error, json, request_id};
use super::identities::email_key;

/// The longest body of a sign-in.
const MAX_BODY: usize = 16 * 1024;

/// A hash whose password is unknown: it makes an unknown address take as long as a wrong password.
const HASH_OF_NO_USER: &str = "$2b$10$CwTycUXWue0Thq9StjUM0uJ8gF1ZQ1pZfE3aFvP6T8c9N2bG5h3Wm";

/// An address and a password.
#[derive(Deserialize)]
pub(super) struct SignIn {
    pub email: String,
    pub password: String,
}

/// The user who signed in.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub id: String,
    pub external_id: Option<String>,
    pub email: String,
    pub name: String,
}

/// Why nobody is signed in.
#[derive(Debug)]
pub(super) enum NotSignedIn {
    /// The address or the password is wrong.
    WrongCredentials,
    /// The user has no password here.
    NoPassword,
    /// The password is right, and the account is disabled.
    Disabled,
    /// The sandbox failed.
    Failed(ApiError),
}

impl From<NotSignedIn> for ApiError {
    /// The API does not say which addresses it knows, so there a user without a password has wrong credentials.
    fn from(reason: NotSignedIn) -> Self {
        match reason {
            NotSignedIn::WrongCredentials | NotSignedIn::NoPassword => Self::credentials(),
            NotSignedIn::Disabled => Self::locked(),
            NotSignedIn::Failed(failure) => failure,
        }
    }
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
        Ok(Ok(attempt)) => sign_in(&app, attempt).await.map_err(ApiError::from),
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
pub(super) async fn sign_in(app: &App, attempt: SignIn) -> Result<SignedIn, NotSignedIn> {
    let SignIn { email, password } = attempt;
    let found =
        app.store.transaction(move |transaction| find(transaction, &email)).await.map_err(NotSignedIn::Failed)?;
    let hash = found.as_ref().and_then(|found| found.hash.clone()).unwrap_or_else(|| HASH_OF_NO_USER.to_owned());
    let verified = tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false)).await;
    match found {
        Some(FoundUser { hash: None, .. }) => Err(NotSignedIn::NoPassword),
        Some(found) if verified.unwrap_or(false) => {
            if found.state == "active" {
                let id = found.user.id.clone();
                let noted = app.store.transaction(move |transaction| note_sign_in(transaction, &id)).await;
                noted.map(|()| found.user).map_err(NotSignedIn::Failed)
            } else {
                Err(NotSignedIn::Disabled)
            }
        }
        _ => Err(NotSignedIn::WrongCredentials),
    }
}

fn note_sign_in(transaction: &rusqlite::Transaction<'_>, id: &str) -> Result<(), ApiError> {
    let now = jiff::Timestamp::now().to_string();
    transaction.execute("INSERT OR REPLACE INTO sign_ins (identity_id, last_login_at) VALUES (?1, ?2)", [id, &now])?;
    Ok(())
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
