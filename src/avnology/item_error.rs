//! What the target's errors mean for one identity.

use super::error_body::ErrorBody;
use crate::destination::{Field, ItemError, ItemErrorKind};

/// What an item of a batch was refused with.
pub(super) fn item_error(error: ErrorBody) -> ItemError {
    let kind = kind_of(error.code.as_deref());
    item_error_of(kind, error)
}

/// The same of an identity that was alone in its request, whose status says what kind of error it is.
pub(super) fn item_error_of(kind: ItemErrorKind, ErrorBody { code, message, field, .. }: ErrorBody) -> ItemError {
    let taken = field.as_deref().and_then(taken);
    ItemError { kind, code, message, field, taken }
}

fn kind_of(code: Option<&str>) -> ItemErrorKind {
    match code {
        Some("AVNOLOGY_AUTH_903" | "AVNOLOGY_AUTH_301") => ItemErrorKind::Conflict,
        // Invalid, or about an organization or a user that is not there.
        Some("AVNOLOGY_AUTH_902" | "AVNOLOGY_AUTH_300" | "AVNOLOGY_AUTH_901") => ItemErrorKind::Invalid,
        Some("AVNOLOGY_AUTH_005" | "AVNOLOGY_AUTH_100") => ItemErrorKind::Refused,
        // An unknown code may well pass; it is tried again a bounded number of times.
        _ => ItemErrorKind::Transient,
    }
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
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_903")), ItemErrorKind::Conflict);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_902")), ItemErrorKind::Invalid);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_100")), ItemErrorKind::Refused);
        assert_eq!(kind_of(Some("AVNOLOGY_AUTH_021")), ItemErrorKind::Transient);
        assert_eq!(kind_of(Some("SOMETHING_NEW")), ItemErrorKind::Transient);
        assert_eq!(kind_of(None), ItemErrorKind::Transient);
    }

    #[test]
    fn what_is_taken_is_known_by_the_last_name_of_the_field() {
        assert_eq!(taken("identity.email"), Some(Field::Email));
        assert_eq!(taken("phone"), Some(Field::Phone));
        assert_eq!(taken("identity.first_name"), None);
    }
}
