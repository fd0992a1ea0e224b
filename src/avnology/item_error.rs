//! What the target's errors mean for one identity.

use super::error_body::{ErrorBody, error_body, says_it_is_gone};
use crate::destination::{Field, ItemError, ItemErrorKind};
use crate::http::{Reply, ReplyOutcome};

/// What an item of a batch was refused with.
pub(super) fn item_error(error: ErrorBody) -> ItemError {
    let kind = kind_of(error.code.as_deref(), error.field.as_deref());
    item_error_of(kind, error)
}

/// The error of an identity that was alone in its request, whose status says what kind of error it is.
pub(super) fn item_error_of(kind: ItemErrorKind, ErrorBody { code, message, field, .. }: ErrorBody) -> ItemError {
    let taken = field.as_deref().and_then(taken);
    ItemError { kind, code, message, field, taken }
}

/// What kind of error it is for a record that was alone in its request, by the outcome of that.
pub(super) const fn kind_by_outcome(outcome: ReplyOutcome) -> ItemErrorKind {
    match outcome {
        ReplyOutcome::Answered { status: 409 } => ItemErrorKind::Conflict,
        // The answer is longer than any that is kept, so what it says is not known.
        ReplyOutcome::TooLarge => ItemErrorKind::Transient,
        _ => ItemErrorKind::Invalid,
    }
}

/// The error of one record whose request was refused for its content: the same would be refused again, whatever its code.
pub(super) fn refused_content(reply: &Reply) -> ItemError {
    item_error_of(kind_by_outcome(reply.outcome), error_body(&reply.body))
}

/// That the target itself says that what one record is about is not there, if it does. It may have been deleted a moment ago.
pub(super) fn gone(reply: &Reply) -> Option<ItemError> {
    says_it_is_gone(reply).then(|| item_error_of(ItemErrorKind::Invalid, error_body(&reply.body)))
}

/// The code of an organization that does not exist.
pub(super) const NO_ORGANIZATION: &str = "AVNOLOGY_AUTH_300";

fn kind_of(code: Option<&str>, field: Option<&str>) -> ItemErrorKind {
    match code {
        Some("AVNOLOGY_AUTH_903" | "AVNOLOGY_AUTH_301") => ItemErrorKind::Conflict,
        // Invalid, or about a user who is not there.
        Some("AVNOLOGY_AUTH_902" | "AVNOLOGY_AUTH_901") => ItemErrorKind::Invalid,
        // The organization of this one record is not there.
        Some(NO_ORGANIZATION) if field.is_some_and(is_of_a_record) => ItemErrorKind::Invalid,
        // `NO_ORGANIZATION` means here that the organization of all users is gone. That is no user's fault.
        Some("AVNOLOGY_AUTH_005" | "AVNOLOGY_AUTH_100" | NO_ORGANIZATION) => ItemErrorKind::NoAccess,
        // An unknown code may well pass; it is tried again a bounded number of times.
        _ => ItemErrorKind::Transient,
    }
}

/// Whether the organization in this field is that of one record, and not the one into which all users go.
fn is_of_a_record(field: &str) -> bool {
    field.starts_with("membership.") || field.starts_with("invitation.")
}

/// What another identity has already, by the name of a field as in `identity.email`.
fn taken(field: &str) -> Option<Field> {
    let name = field.rsplit('.').next().unwrap_or(field);
    [Field::ExternalId, Field::Email, Field::Username, Field::Phone, Field::Name, Field::Slug]
        .into_iter()
        .find(|field| field.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_decided_by_their_code() {
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_903"), None), ItemErrorKind::Conflict);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_902"), None), ItemErrorKind::Invalid);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_100"), None), ItemErrorKind::NoAccess);
        assert_eq!(kind_of(Some(NO_ORGANIZATION), Some("identity.organization_id")), ItemErrorKind::NoAccess);
        assert_eq!(kind_of(Some(NO_ORGANIZATION), Some("membership.organization_id")), ItemErrorKind::Invalid);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_021"), None), ItemErrorKind::Transient);
        assert_eq!(kind_of(Some("SOMETHING_NEW"), None), ItemErrorKind::Transient);
        assert_eq!(kind_of(None, None), ItemErrorKind::Transient);
    }

    #[test]
    fn what_is_taken_is_known_by_the_last_name_of_the_field() {
        assert_eq!(taken("identity.email"), Some(Field::Email));
        assert_eq!(taken("phone"), Some(Field::Phone));
        assert_eq!(taken("identity.first_name"), None);
    }
}
