//! Lists of tuples, and what was found as the rest of the program reads it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::RelationTuple;
use crate::destination::Comparable;
use crate::http::Body;

/// A page of a list: the tuples whose subject is an id, and the token of the next page. Nothing if it is no such list.
pub(super) fn page(body: &[u8]) -> Option<(Vec<RelationTuple<'_>>, Option<String>)> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        relation_tuples: Vec<&'a RawValue>,
        #[serde(default)]
        next_page_token: Option<String>,
    }
    let page: Page<'_> = serde_json::from_slice(body).ok()?;
    // Those with a set as their subject are none of ours.
    let tuples = page.relation_tuples.into_iter().filter_map(|tuple| serde_json::from_str(tuple.get()).ok());
    Some((tuples.collect(), page.next_page_token.filter(|token| !token.is_empty())))
}

/// What Keto says about an error.
#[derive(Deserialize)]
struct KetoError {
    code: u16,
}

/// The code of an error, in Keto's own words.
pub(super) fn error_code(body: &[u8]) -> Option<u16> {
    #[derive(Deserialize)]
    struct Envelope {
        error: KetoError,
    }
    serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.error.code)
}

/// A tuple that was found, and whose role it is.
#[derive(Serialize)]
struct Found<'a> {
    id: String,
    metadata: Metadata<'a>,
}

/// Whom a tuple is about, where identities have the id at Clerk.
#[derive(Serialize)]
struct Metadata<'a> {
    clerk: Whose,
    #[serde(rename = "avnology_migrate", skip_serializing_if = "Option::is_none")]
    mark: Option<Mark<'a>>,
}

/// The run that inserted it, where identities have the mark of a run.
#[derive(Serialize)]
struct Mark<'a> {
    run: &'a str,
}

#[derive(Serialize)]
struct Whose {
    id: String,
}

/// A list of these tuples, for [`read_found`], each with the run that surely inserted it.
pub(super) fn list_of<'a>(
    tuples: impl IntoIterator<Item = &'a RelationTuple<'a>>,
    run_of: impl Fn(&RelationTuple<'_>) -> Option<&'a str>,
) -> Body {
    let found = |tuple: &'a RelationTuple<'a>| Found {
        id: tuple.text(),
        metadata: Metadata { clerk: Whose { id: tuple.member() }, mark: run_of(tuple).map(|run| Mark { run }) },
    };
    let found: Vec<Found<'_>> = tuples.into_iter().map(found).collect();
    Body::from(serde_json::to_vec(&found).unwrap_or_default())
}

/// Reads such a list.
pub(super) fn read_found(body: &[u8]) -> Vec<Comparable<'_>> {
    #[derive(Deserialize)]
    struct One<'a> {
        id: String,
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    let list: Vec<One<'_>> = serde_json::from_slice(body).unwrap_or_default();
    list.into_iter().map(|one| comparable(one.id, one.metadata)).collect()
}

/// Reads a tuple as it is sent.
pub(super) fn read_sent(encoded: &[u8]) -> Option<Comparable<'_>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        permission: Permission<'a>,
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Permission<'a> {
        namespace: &'a str,
        object: &'a str,
        relation: &'a str,
        subject: &'a str,
    }
    let Item { permission: Permission { namespace, object, relation, subject }, metadata } =
        serde_json::from_slice(encoded).ok()?;
    Some(comparable(format!("{namespace}:{object}#{relation}@{subject}"), metadata))
}

/// Keto gives no times of tuples: they count as nobody's change.
fn comparable(id: String, metadata: &RawValue) -> Comparable<'_> {
    Comparable { as_created: Some(true), ..Comparable::of_metadata(id, None, Some(metadata)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_and_what_is_found_is_the_same_persons() {
        let list = br#"{"relation_tuples":[{"namespace":"orgs","object":"org_1","relation":"admin","subject_id":"u1"},
            {"namespace":"orgs","object":"org_1","relation":"admin","subject_set":{"namespace":"x","object":"u1","relation":""}}],
            "next_page_token":""}"#;
        let (tuples, token) = page(list).expect("a page");
        assert_eq!((tuples.len(), token), (1, None));
        let body = list_of(&tuples, |_| None);
        let found = read_found(&body);
        let sent = br#"{"permission":{"namespace":"orgs","object":"org_1","relation":"member","subject":"u1"},
            "metadata":{"clerk":{"id":"org_1/u1"}}}"#;
        let sent = read_sent(sent).expect("a tuple");
        assert_eq!(sent.is_same_person(&found[0]), Some(true));
        assert_eq!(sent.differences(&found[0]), [crate::destination::Field::ExternalId]);
        assert!(page(b"<html>").is_none());
    }
}
