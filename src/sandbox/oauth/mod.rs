//! OAuth 2.1 and OIDC: how an application that moved signs people in. The methods that register applications are in
//! [`super::clients`].
//!
//! ```text
//! GET /oauth2/auth ──► grant (sign_in) ──302──► /sign-in?login_challenge=…   authorize, parameters, back
//!                                                   │ the person's password
//!                         grant (consent) ◄─────────┘ unless the client skips it   signed_in, consent_page
//!                               │ Allow
//!                         grant (code) ──303──► the application's redirect URI     code_challenge
//! POST /oauth2/token ──► grant (given) ──► access, refresh and id token            token, client_authentication, tokens, signing_key
//! GET /userinfo ──► claims of the person                                           userinfo, person
//! ```
//!
//! A grant goes through its phases in order, and each phase has a secret of its own, of which the database has a digest. A code is
//! good once: when it comes again, the tokens that it gave end. Until an application and its redirect URI are known, errors are
//! shown to the person and nobody is sent anywhere.

mod authorize;
mod back;
mod bearer;
mod client_authentication;
mod code_challenge;
mod consent_page;
mod discovery;
mod grant;
mod issuer;
mod oauth_error;
mod parameters;
mod person;
mod routes;
mod signed_in;
mod signing_key;
mod token;
mod tokens;
mod userinfo;

pub(super) use back::leads_to;
pub(super) use routes::routes;
pub(super) use signed_in::{asked_by, signed_in};
