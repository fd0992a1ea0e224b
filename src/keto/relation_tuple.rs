//! A relation tuple as text and in parts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// `namespace:object#relation@subject`. It names a user by the id of the identity alone, which is no personal datum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RelationTuple<'a> {
    /// What kind of object it is about.
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    /// What it is about: an organization, by its id at Clerk.
    #[serde(borrow)]
    pub object: Cow<'a, str>,
    /// The role.
    #[serde(borrow)]
    pub relation: Cow<'a, str>,
    /// Who has it. A subject that is a set is another one, even if it has the same name.
    #[serde(borrow, rename = "subject_id")]
    pub subject: Cow<'a, str>,
}

impl<'a> RelationTuple<'a> {
    /// The parts of a text.
    pub fn of(text: &'a str) -> Option<Self> {
        let (namespace, rest) = text.split_once(':')?;
        let (object, rest) = rest.split_once('#')?;
        let (relation, subject) = rest.split_once('@')?;
        let [namespace, object, relation, subject] = [namespace, object, relation, subject].map(Cow::Borrowed);
        Some(Self { namespace, object, relation, subject })
    }

    /// The text of it.
    pub fn text(&self) -> String {
        let Self { namespace, object, relation, subject } = self;
        format!("{namespace}:{object}#{relation}@{subject}")
    }

    /// Whose role it is; any role.
    pub(super) fn member(&self) -> String {
        format!("{}/{}", self.object, self.subject)
    }

    /// Its parts as the parameters of a request.
    pub(super) fn parameters(&self) -> [(&'static str, &str); 4] {
        let Self { namespace, object, relation, subject } = self;
        [("namespace", namespace), ("object", object), ("relation", relation), ("subject_id", subject)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_parts_that_it_was_made_of() {
        for (text, parts) in [
            ("orgs:org_1#admin@5f0c", ["orgs", "org_1", "admin", "5f0c"]),
            ("organizations:org_1#a:b@identities:5f0c", ["organizations", "org_1", "a:b", "identities:5f0c"]),
        ] {
            let tuple = RelationTuple::of(text).expect("a tuple");
            assert_eq!(tuple.parameters().map(|(_, part)| part), parts);
            assert_eq!(tuple.text(), text);
        }
        assert_eq!(RelationTuple::of("orgs:org_1"), None);
    }
}
