//! `/sign-in`: a page where a person tries a migrated user's old password.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::api_error::ApiError;
use super::app::App;
use super::belonging::{Belonging, belongings};
use super::page::{escape, page};
use super::sign_in::{NotSignedIn, SignIn, SignedIn, sign_in};

/// `GET /sign-in`
pub(super) async fn form() -> Response {
    sign_in_page(StatusCode::OK, "Sign in", "", "")
}

/// `POST /sign-in`
pub(super) async fn submit(State(app): State<Arc<App>>, Form(attempt): Form<SignIn>) -> Response {
    let address = attempt.email.clone();
    match sign_in(&app, attempt).await {
        Ok(user) => {
            let id = user.id.clone();
            let organizations = app.store.transaction(move |transaction| belongings(transaction, &id)).await;
            let organizations = organizations.map_or_else(|failure| escape(&failure.message), |found| list(&found));
            sign_in_page(StatusCode::OK, "Signed in", &signed_in(&user, &organizations), "")
        }
        Err(reason) => {
            let outcome = format!(
                "<section class=\"bad\" role=\"alert\"><h2>Not signed in</h2><p>{}</p></section>",
                escape(&sentence(&reason))
            );
            let status = StatusCode::from_u16(ApiError::from(reason).status).unwrap_or(StatusCode::UNAUTHORIZED);
            sign_in_page(status, "Not signed in", &outcome, &address)
        }
    }
}

/// The form below an outcome. A person who typed an address goes on with the password.
fn sign_in_page(status: StatusCode, title: &str, outcome: &str, address: &str) -> Response {
    let (focus_email, focus_password) = if address.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
    let form = include_str!("sign_in_form.html")
        .replace("<!-- focus email -->", focus_email)
        .replace("<!-- focus password -->", focus_password)
        .replace("<!-- email -->", &escape(address))
        .replace("<!-- outcome -->", outcome);
    page(status, title, &form)
}

fn signed_in(user: &SignedIn, organizations: &str) -> String {
    let SignedIn { id, external_id, email, name } = user;
    let external_id = external_id.as_deref().unwrap_or_default();
    let rows = [("Email", email.as_str()), ("Name", name), ("Identity", id), ("External id", external_id)];
    let rows = rows.map(|(label, value)| match value {
        "" => String::new(),
        value => format!("<dt>{label}</dt><dd>{}</dd>", escape(value)),
    });
    let rows = rows.concat();
    format!("<section class=\"good\" role=\"status\"><h2>Signed in</h2><dl>{rows}</dl>{organizations}</section>")
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

fn sentence(reason: &NotSignedIn) -> String {
    match reason {
        NotSignedIn::WrongCredentials => "The email or the password is wrong.".to_owned(),
        NotSignedIn::NoPassword => "This user arrived without a password. The user sets a new one with a password \
             reset, or signs in with a social account."
            .to_owned(),
        NotSignedIn::Disabled => "The password is right, but the account is disabled.".to_owned(),
        NotSignedIn::Failed(failure) => failure.message.clone(),
    }
}
