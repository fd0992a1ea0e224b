//! What became of an application.

use serde::Serialize;

use super::Left;

/// What became of an application at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOutcome {
    /// Its client is made.
    Created,
    /// Its client was made by us, and its secret was in no file: it is made anew.
    MadeAgain,
    /// Its client is changed: the plan has changed.
    Changed(Vec<&'static str>),
    /// Its client is as it should be.
    Unchanged,
    /// Its client is left as it is.
    Left(Left),
    /// The target does not take it.
    Refused(String),
}

impl ClientOutcome {
    /// Whether somebody has to do something.
    pub fn needs_somebody(&self) -> bool {
        matches!(self, Self::Left(_) | Self::Refused(_))
    }
}

/// Something that somebody has to know, of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientFinding {
    /// Clerk's id of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The client's id at the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A stable code.
    pub code: &'static str,
    /// One sentence or several.
    pub sentence: String,
}
