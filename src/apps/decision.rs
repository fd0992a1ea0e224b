//! What has to be done so that an application has its client: one total, pure function; and one for undoing it.

use super::{ClientContent, FoundClient};
use crate::made_once::{MadeObject, MadeState};

/// What is known of one application.
#[derive(Clone, Copy, Debug)]
pub struct ClientFacts<'a> {
    /// Clerk's id of it.
    pub application: &'a str,
    /// What its client should be.
    pub wanted: &'a ClientContent,
    /// What the target has under the id of the client.
    pub found: Option<&'a FoundClient>,
    /// What is remembered of it.
    pub remembered: Option<&'a MadeObject>,
    /// The mark of those who make clients here.
    pub mark: &'a str,
    /// Whether the secret of the client that was found is in the file of secrets.
    pub has_secret: bool,
    /// Whether what somebody changed is changed back.
    pub force: bool,
}

/// Why a client is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Somebody else made it, and it is not what it should be.
    Foreign(Vec<&'static str>),
    /// Somebody changed it since we made it.
    ChangedSince(Vec<&'static str>),
    /// It is public and should have a secret, or the other way round.
    OtherType,
    /// We made it and lost its secret, and somebody changed it since.
    SecretLost,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientStep {
    /// Make it.
    Create,
    /// Delete it and make it again: it is ours, nobody changed it, and its secret is known to nobody.
    Recreate,
    /// It is ours and all of it is there: remember that, and look again.
    Remember,
    /// Change these fields.
    Change(Vec<&'static str>),
    /// Nothing.
    Keep,
    /// Nothing, and somebody has to know.
    Leave(Left),
}

/// What has to be done so that an application has its client.
pub fn decide(facts: &ClientFacts<'_>) -> ClientStep {
    let ClientFacts { application, wanted, remembered, mark, has_secret, force, .. } = *facts;
    let Some(found) = facts.found else { return ClientStep::Create };
    let content = found.content();
    let is_ours = found.is_of(application, mark);
    let is_as_sent = remembered.is_some_and(|object| object.content == content.digest());
    if is_ours && remembered.is_some_and(|object| object.state == MadeState::Creating) {
        return match (content.is_public || has_secret, is_as_sent) {
            (true, _) => ClientStep::Remember,
            (false, true) => ClientStep::Recreate,
            (false, false) => ClientStep::Leave(Left::SecretLost),
        };
    }
    let differences = content.differences(wanted);
    if differences.is_empty() {
        // Where the memory lost it, or a change came through and its answer did not.
        return if is_ours && !is_as_sent { ClientStep::Remember } else { ClientStep::Keep };
    }
    match (is_ours, content.is_public == wanted.is_public) {
        (false, _) => ClientStep::Leave(Left::Foreign(differences)),
        (true, false) => ClientStep::Leave(Left::OtherType),
        (true, true) if is_as_sent || force => ClientStep::Change(differences),
        (true, true) => ClientStep::Leave(Left::ChangedSince(differences)),
    }
}

/// What undoing does with what is remembered of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoStep {
    /// It is at the target no more.
    Forget,
    /// Delete it.
    Delete,
    /// Keep it: somebody else made it.
    KeepForeign,
    /// Keep it: somebody changed it since.
    KeepChanged,
}

/// What undoing does with what is remembered of an application.
pub fn decide_undo(object: &MadeObject, found: Option<&FoundClient>, mark: &str, force: bool) -> UndoStep {
    let Some(found) = found else { return UndoStep::Forget };
    let is_ours = found.is_of(&object.id, mark);
    let is_as_sent = object.content == found.content().digest();
    match (is_ours, is_as_sent) {
        (false, _) => UndoStep::KeepForeign,
        (true, false) if !force => UndoStep::KeepChanged,
        (true, _) => UndoStep::Delete,
    }
}
