//! A claim of one user, old and new side by side.

use serde::Serialize;
use serde_json::Value;

use super::evaluate::{OfSession, evaluate};
use super::user_values::{value_at_clerk, value_at_target};

/// A user of whom an example is made. It is personal data.
#[derive(Clone, Copy)]
pub struct ExampleUser<'a> {
    /// The record at Clerk.
    pub user: &'a Value,
    /// The identity that an import makes of it.
    pub identity: &'a Value,
}

/// A claim of one user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// What Clerk makes of it; `null`, too, where it depends on the session.
    pub old: Value,
    /// What a claim resolver makes of it that takes each value from its source.
    pub new: Value,
    /// Whether both are the same.
    pub same: bool,
    /// Whether it depends on the session or its organization, so that the records do not say it.
    pub of_session: bool,
}

impl Example {
    /// The example of a claim, as the template has it.
    pub(super) fn of(claim: &Value, user: ExampleUser<'_>) -> Self {
        let old = evaluate(claim, &|shortcode| value_at_clerk(user.user, shortcode));
        let new = evaluate(claim, &|shortcode| value_at_target(user.identity, shortcode));
        let of_session = [&old, &new].contains(&&Err(OfSession));
        let [old, new] = [old, new].map(Result::unwrap_or_default);
        Self { same: old == new && !of_session, old, new, of_session }
    }
}
