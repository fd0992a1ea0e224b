//! Reads identities, of requests and of answers.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use crate::destination::Comparable;

/// Reads an encoded request item, `{"identity":{…}}`.
pub fn read_sent(encoded: &[u8]) -> Option<Comparable<'_>> {
    #[derive(Deserialize)]
    struct SentItem<'a> {
        #[serde(borrow)]
        identity: Comparable<'a>,
    }
    serde_json::from_slice::<SentItem<'_>>(encoded).ok().map(|item| item.identity)
}

/// Reads an identity that was asked for by the target's own id.
pub fn read_one(body: &[u8]) -> Option<Comparable<'_>> {
    serde_json::from_slice::<Comparable<'_>>(body).ok().filter(|identity| identity.id.is_some())
}

/// Reads the identities of a list or of a `:batchGet`, and the token of the next page.
pub fn read_list(body: &[u8]) -> Option<(Vec<Comparable<'_>>, Option<String>)> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        identities: Vec<Comparable<'a>>,
        #[serde(default)]
        next_page_token: Option<String>,
    }
    let list: List<'_> = serde_json::from_slice(body).ok()?;
    Some((list.identities, list.next_page_token.filter(|token| !token.is_empty())))
}

/// Reads the identities of a list by their external ids.
pub fn read_by_external_id(body: &[u8]) -> HashMap<Cow<'_, str>, Comparable<'_>> {
    Comparable::by_external_id(read_list(body).unwrap_or_default().0)
}
