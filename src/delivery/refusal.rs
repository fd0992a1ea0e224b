//! What the destination's refusals mean for a record.

use crate::destination::{Comparable, FailedRequest, Failure, Field, ItemError, ItemErrorKind};
use crate::mapping::{RejectCode, Rejection};

/// The reject of the only record of a request that failed.
pub(super) fn rejection_of(failed: FailedRequest) -> Rejection {
    match (failed.failure, failed.error.kind) {
        (Failure::TooLarge, _) => Rejection { code: RejectCode::TooLargeForTarget, ..invalid(failed.error) },
        (failure, _) if failure.may_come_from_a_record() => failing(failed.error),
        (_, ItemErrorKind::Conflict) => conflict(failed.error),
        (_, ItemErrorKind::Transient) => failing(failed.error),
        (_, ItemErrorKind::Invalid | ItemErrorKind::NoAccess) => invalid(failed.error),
    }
}

/// The reject of an identity that the destination refused to create, or would.
pub fn refused_by(error: ItemError) -> Rejection {
    match error.kind {
        ItemErrorKind::Conflict => conflict(error),
        ItemErrorKind::Transient => failing(error),
        ItemErrorKind::Invalid | ItemErrorKind::NoAccess => invalid(error),
    }
}

/// The reject of an identity that cannot be created, because another one has this field of it.
pub fn taken_by_another(field: Field) -> Rejection {
    conflict(ItemError { kind: ItemErrorKind::Conflict, taken: Some(field), ..ItemError::default() })
}

/// Another identity has what this one was to be created with.
pub(super) fn conflict(error: ItemError) -> Rejection {
    let advice = "if its user was deleted at Clerk, delete it (`verify` lists it); if its user has another one in this export, \
                  update it (--on-existing update), then import once more";
    of_conflict(error, advice)
}

/// Another identity has what this one was to be changed to.
pub(super) fn change_conflict(error: ItemError) -> Rejection {
    let advice = "if its user has another one in this export, import once more; if the two swap, change one of them at the \
                  target first";
    of_conflict(error, advice)
}

fn of_conflict(error: ItemError, advice: &str) -> Rejection {
    let (code, what) = match error.taken {
        Some(Field::ExternalId) => (RejectCode::ExternalIdTaken, "another identity at the target has this external id"),
        Some(Field::Email) => (RejectCode::EmailTaken, "another identity at the target has this email address"),
        Some(Field::Username) => (RejectCode::UsernameTaken, "another identity at the target has this username"),
        Some(Field::Phone) => (RejectCode::PhoneTaken, "another identity at the target has this phone number"),
        Some(Field::Name | Field::Slug) => {
            (RejectCode::SlugTaken, "another organization at the target has this name or slug")
        }
        _ => (RejectCode::TargetConflict, "the identity conflicts with another one at the target"),
    };
    Rejection { field: error.field, ..Rejection::of_record(code, format!("{what}; {advice}")) }
}

/// The reject of a user who is in another organization than the one that the users of the import go into.
pub fn other_organization() -> Rejection {
    let message =
        "the user is at the target already, in another organization; to move the user, change organization_id there";
    Rejection::of_record(RejectCode::OtherOrganization, message)
}

/// Somebody else has the id that was known of one to whom the record refers, or nobody has. `in_doubt` says whether an earlier part of
/// the run may have sent the record.
pub(super) fn stale_reference(in_doubt: bool) -> Rejection {
    let granted = if in_doubt {
        "it is not granted again, but this run may have granted it before it was stopped: look at the target, and then"
    } else {
        "nothing was granted;"
    };
    let message = format!(
        "the target has not the user, organization or membership under the id that it gave in an earlier run, or the member has \
         another role now: {granted} import users and organizations once more with --recheck, then this record"
    );
    Rejection::of_record(RejectCode::StaleReference, message)
}

pub(super) fn invalid(error: ItemError) -> Rejection {
    rejection(RejectCode::TargetInvalid, "the target refused the identity", error)
}

pub(super) fn failing(error: ItemError) -> Rejection {
    rejection(RejectCode::TargetError, "the target failed on this identity again and again", error)
}

/// The reject of a record that the destination may have in spite of what it said.
pub(super) fn not_known_to_be_there(rejection: Rejection) -> Rejection {
    let message = format!(
        "{}; this run may have created it all the same, and the target did not say: look there, and then import this record again",
        rejection.message
    );
    Rejection { message, ..rejection }
}

/// A rejection in the target's words. They go to the rejects file only, which holds the record anyway.
fn rejection(code: RejectCode, what: &str, error: ItemError) -> Rejection {
    let message = match (&error.code, &error.message) {
        (Some(code), Some(message)) => format!("{what}: {message} ({code})"),
        (Some(text), None) | (None, Some(text)) => format!("{what}: {text}"),
        (None, None) => what.to_owned(),
    };
    Rejection { field: error.field, ..Rejection::of_record(code, message) }
}

/// An identity is there, and there is to be none.
pub fn exists() -> Rejection {
    let message = "an identity with this external id is at the target already (--on-existing fail)";
    Rejection::of_record(RejectCode::AlreadyExists, message)
}

/// The external id belongs to another user of Clerk's.
pub fn external_id_taken() -> Rejection {
    let message = "another Clerk user with this external id is at the target already; if that user was deleted at Clerk, \
                   delete the identity (`verify` lists it); if that user has another external id in this export, update it \
                   (--on-existing update), then import once more";
    Rejection::of_field(RejectCode::ExternalIdTaken, "external_id", message)
}

/// How a rejection begins to say which organization the other identity is in.
const OF_ORGANIZATION: &str = "the other identity is in ";

/// A rejection because of another identity, which says in which organization that is, if users go into one: several instances
/// of Clerk can share a target, and somebody can be in two of them.
pub(super) fn of_organization(rejection: Rejection, sent: &Comparable<'_>, other: &Comparable<'_>) -> Rejection {
    if sent.organization_id.is_none() {
        return rejection;
    }
    let organization = match other.organization_id.as_deref() {
        Some(id) if is_plain_id(id) => format!("organization {id}"),
        Some(_) => "another organization".to_owned(),
        None => "no organization".to_owned(),
    };
    Rejection { message: format!("{}; {OF_ORGANIZATION}{organization}", rejection.message), ..rejection }
}

/// Whether it says that already.
pub(super) fn says_organization(rejection: &Rejection) -> bool {
    rejection.message.contains(OF_ORGANIZATION)
}

/// Whether an id of the target's may stand in a message.
fn is_plain_id(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::stale_reference;

    #[test]
    fn of_what_may_have_been_sent_it_is_not_said_that_nothing_was_granted() {
        let message = |in_doubt| stale_reference(in_doubt).message;
        assert!(message(false).contains("nothing was granted; import"), "{}", message(false));
        assert!(
            message(true).contains("may have granted it") && !message(true).contains("nothing"),
            "{}",
            message(true)
        );
    }
}
