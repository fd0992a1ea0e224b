//! `/sign-in`: a page where a person tries a migrated user's old password.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::api_error::ApiError;
use super::app::App;
use super::belonging::{Belonging, belongings};
use super::oauth;
use super::page::{escape, page_that_leads_to};
use super::sign_in::{NotSignedIn, SignIn, SignedIn, sign_in};

/// What an application says when it sends somebody here.
#[derive(Deserialize)]
pub(super) struct Asked {
    login_challenge: Option<String>,
    /// Who it probably is.
    login_hint: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Attempt {
    email: String,
    password: String,
    login_challenge: Option<String>,
}

/// `GET /sign-in`
pub(super) async fn form(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Response {
    let address = asked.login_hint.unwrap_or_default();
    SignInPage { app: &app, challenge: asked.login_challenge.as_deref(), address: &address }
        .show(StatusCode::OK, "Sign in", "")
        .await
}

/// `POST /sign-in`
pub(super) async fn submit(State(app): State<Arc<App>>, Form(attempt): Form<Attempt>) -> Response {
    let Attempt { email, password, login_challenge } = attempt;
    let address = email.clone();
    let user = match sign_in(&app, SignIn { email, password }).await {
        Ok(user) => user,
        Err(reason) => {
            let outcome = format!(
                "<section class=\"bad\" role=\"alert\"><h2>Not signed in</h2><p>{}</p></section>",
                escape(&sentence(&reason))
            );
            let status = StatusCode::from_u16(ApiError::from(reason).status).unwrap_or(StatusCode::UNAUTHORIZED);
            let page = SignInPage { app: &app, challenge: login_challenge.as_deref(), address: &address };
            return page.show(status, "Not signed in", &outcome).await;
        }
    };
    if let Some(challenge) = login_challenge {
        return oauth::signed_in(&app, challenge, user.id).await;
    }
    let id = user.id.clone();
    let organizations = app.store.transaction(move |transaction| belongings(transaction, &id)).await;
    let organizations = organizations.map_or_else(|failure| escape(&failure.message), |found| list(&found));
    let page = SignInPage { app: &app, challenge: None, address: "" };
    page.show(StatusCode::OK, "Signed in", &signed_in(&user, &organizations)).await
}

/// The form below an outcome.
struct SignInPage<'a> {
    app: &'a App,
    /// If an application asks for the sign-in.
    challenge: Option<&'a str>,
    /// A person who typed an address goes on with the password.
    address: &'a str,
}

impl SignInPage<'_> {
    async fn show(&self, status: StatusCode, title: &str, outcome: &str) -> Response {
        let Self { app, challenge, address } = *self;
        let (mut purpose, mut origin) = ("Try a migrated user's old password.".to_owned(), None);
        let mut field = String::new();
        if let Some(challenge) = challenge {
            if let Some((application, redirect_uri)) = oauth::asked_by(app, challenge).await {
                purpose = format!("Sign in to <strong>{}</strong>.", escape(&application));
                origin = oauth::leads_to(&redirect_uri);
            }
            field = format!("<input type=\"hidden\" name=\"login_challenge\" value=\"{}\">", escape(challenge));
        }
        let (focus_email, focus_password) = if address.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
        let form = include_str!("sign_in_form.html")
            .replace("<!-- focus email -->", focus_email)
            .replace("<!-- focus password -->", focus_password)
            .replace("<!-- challenge -->", &field)
            .replace("<!-- email -->", &escape(address))
            .replace("<!-- purpose -->", &purpose)
            .replace("<!-- outcome -->", outcome);
        page_that_leads_to(status, title, &form, origin.as_deref())
    }
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
