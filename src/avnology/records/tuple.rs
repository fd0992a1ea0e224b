//! A role tuple as text and in parts.

use serde::{Deserialize, Serialize};

/// Where tuples are granted, listed and taken back.
pub(super) const PERMISSIONS: &str = "v1/permissions";

/// Where many are looked up at once.
pub(super) const BATCH_CHECK: &str = "v1/permissions:batchCheck";

/// `namespace:object#relation@subject`. It names a user by the target's id alone, which is no personal datum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TupleBody<'a> {
    pub namespace: &'a str,
    pub object: &'a str,
    pub relation: &'a str,
    pub subject: &'a str,
}

impl<'a> TupleBody<'a> {
    /// The parts of a text.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (namespace, rest) = text.split_once(':')?;
        let (object, rest) = rest.split_once('#')?;
        let (relation, subject) = rest.split_once('@')?;
        Some(Self { namespace, object, relation, subject })
    }

    /// Its parts as the parameters of a request.
    pub(super) fn parameters(&self) -> [(&'static str, &'a str); 4] {
        let Self { namespace, object, relation, subject } = *self;
        [("namespace", namespace), ("object", object), ("relation", relation), ("subject", subject)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_parts_that_it_was_made_of() {
        for (text, parts) in [
            ("organizations:org_1#admin@identities:usr_1", ["organizations", "org_1", "admin", "identities:usr_1"]),
            ("orgs:org_1#a:b@usr_1", ["orgs", "org_1", "a:b", "usr_1"]),
        ] {
            assert_eq!(TupleBody::of(text).expect("a tuple").parameters().map(|(_, part)| part), parts);
        }
        assert_eq!(TupleBody::of("organizations:org_1"), None);
    }
}
